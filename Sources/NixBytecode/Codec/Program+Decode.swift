/// The limits of a decoder.
public struct DecodeLimits: Sendable, Hashable {
    /// The most bytes of an encoded program.
    public var maximumBytes: Int

    /// - Parameter maximumBytes: the default is 64 MiB, about a hundred times the largest program of nixpkgs.
    public init(maximumBytes: Int = 64 << 20) { self.maximumBytes = maximumBytes }
}

extension Program {
    /// Decodes a program. The result is not trustworthy: `verify` it before running it.
    ///
    /// Decoding takes time and memory proportional to the number of bytes.
    ///
    /// - Parameters:
    ///   - bytes: the encoded program.
    ///   - limits: the most bytes that are accepted.
    /// - Throws: the first error, with its offset.
    public init(decoding bytes: [UInt8], limits: DecodeLimits = DecodeLimits()) throws(DecodeError) {
        guard bytes.count <= limits.maximumBytes else { throw DecodeError(.tooLarge, at: limits.maximumBytes) }
        var decoder = ProgramDecoder(bytes)
        self = try decoder.wholeProgram()
    }
}

/// Decodes a program section by section.
struct ProgramDecoder {
    let bytes: [UInt8]
    var offset = 0
    /// The end of the current section, which no entry may cross.
    var end: Int
    /// The start of the current item, which is the offset of an error.
    var itemStart = 0
    private(set) var hasSpans = false
    /// Bytes that the decoded entries take.
    private(set) var reservedBytes = 0
    private var entriesUntilPoll = ProgramDecoder.pollInterval
    private let shouldCancel: ((_ bytes: Int) -> Bool)?
    /// Whether decoding stopped because `shouldCancel` returned true. The error that was thrown is then not about the
    /// bytes.
    private(set) var isStopped = false

    /// - Parameters:
    ///   - bytes: the encoded program.
    ///   - shouldCancel: the decoder's poll, called about every 100 µs with the number of bytes taken or about to be
    ///     taken. When it returns true, decoding ends.
    init(_ bytes: [UInt8], shouldCancel: ((_ bytes: Int) -> Bool)? = nil) {
        self.bytes = bytes
        self.shouldCancel = shouldCancel
        end = bytes.count
    }

    /// Decodes single entries.
    ///
    /// - Parameters:
    ///   - entry: the bytes of an entry.
    ///   - hasSpans: whether its program has spans.
    init(entry: [UInt8], hasSpans: Bool) {
        self.init(entry)
        self.hasSpans = hasSpans
    }

    /// Decodes the whole program, and reports errors with their offset.
    mutating func wholeProgram() throws(DecodeError) -> Program {
        do throws(DecodeError.Code) {
            return try program()
        } catch {
            throw DecodeError(error, at: itemStart)
        }
    }

    mutating func program() throws(DecodeError.Code) -> Program {
        let compilerVersion = try header()
        var program = Program(
            symbols: [], constants: [], shapes: [], formals: [], chunks: [], lines: nil,
            compilerVersion: compilerVersion)
        program.symbols = try section(.symbols, minimum: 1) { (decoder) throws(DecodeError.Code) in
            try decoder.text()
        }
        program.constants = try section(.constants, minimum: 2) { (decoder) throws(DecodeError.Code) in
            try decoder.constant()
        }
        program.shapes = try section(.shapes, minimum: 1) { (decoder) throws(DecodeError.Code) in
            try decoder.shape()
        }
        program.formals = try section(.formals, minimum: 2) { (decoder) throws(DecodeError.Code) in
            try decoder.formals()
        }
        program.chunks = try section(.chunks, minimum: 6) { (decoder) throws(DecodeError.Code) in
            try decoder.chunk()
        }
        if hasSpans { program.lines = try lines() }
        itemStart = offset
        guard offset == bytes.count else { throw .trailingBytes }
        return program
    }

    /// Decodes the header and returns the compiler's version.
    mutating func header() throws(DecodeError.Code) -> UInt32 {
        let magic = bytes[min(offset, bytes.count)...].prefix(ProgramFormat.magic.count)
        guard magic.elementsEqual(ProgramFormat.magic) else { throw .badMagic }
        offset += ProgramFormat.magic.count
        guard try word() == ProgramFormat.version else { throw .unsupportedVersion }
        let flags = ProgramFormat.Flags(rawValue: try word())
        guard flags.isSubset(of: .known) else { throw .unknownFlags }
        hasSpans = flags.contains(.spans)
        return try number()
    }

    /// - Parameter minimum: the fewest bytes of an entry, which bound the count.
    private mutating func section<Entry>(
        _ section: ProgramFormat.Section, minimum: Int,
        _ read: (inout ProgramDecoder) throws(DecodeError.Code) -> Entry
    ) throws(DecodeError.Code) -> [Entry] {
        guard try byte() == section.rawValue else { throw .wrongSection }
        let length = try count(minimum: 1)
        let outer = end
        end = offset + length
        let entries = try list(minimum: minimum, read)
        itemStart = offset
        guard offset == end else { throw .sectionLength }
        end = outer
        return entries
    }

    private mutating func lines() throws(DecodeError.Code) -> LineTable {
        var previous: UInt32 = 0
        let starts = try section(.lines, minimum: 1) { (decoder) throws(DecodeError.Code) -> UInt32 in
            previous = try Self.sum(previous, decoder.number())
            return previous
        }
        return LineTable(lineStarts: starts)
    }
}

extension ProgramDecoder {
    mutating func list<Entry>(
        minimum: Int, _ read: (inout ProgramDecoder) throws(DecodeError.Code) -> Entry
    ) throws(DecodeError.Code) -> [Entry] {
        let count = try count(minimum: minimum)
        if count == 0 { return [] }
        var entries: [Entry] = []
        try reserve(arrayBytes + count * MemoryLayout<Entry>.stride)
        // Without a limit on memory, capacity is not reserved on the word of an untrusted count.
        entries.reserveCapacity(shouldCancel == nil ? min(count, 1024) : count)
        for _ in 0..<count {
            entriesUntilPoll -= 1
            if entriesUntilPoll < 0 { try reserve(0) }
            entries.append(try read(&self))
        }
        return entries
    }

    /// Counts bytes before they are taken, and polls after enough entries or before a large one.
    mutating func reserve(_ bytes: Int) throws(DecodeError.Code) {
        reservedBytes += bytes
        guard entriesUntilPoll < 0 || bytes > Self.largeEntry else { return }
        entriesUntilPoll = Self.pollInterval
        guard let shouldCancel, shouldCancel(reservedBytes) else { return }
        isStopped = true
        throw .tooLarge
    }

    /// Entries between two polls, about 100 µs of work.
    private static let pollInterval = 512
    /// Bytes of an entry that gets a poll of its own.
    private static let largeEntry = 1 << 16

    /// Decodes a count of items of at least `minimum` bytes each, which must fit the rest of the section.
    mutating func count(minimum: Int) throws(DecodeError.Code) -> Int {
        let count = try integer()
        guard count <= UInt64((end - offset) / minimum) else { throw .countTooLarge }
        return Int(count)
    }

    mutating func byte() throws(DecodeError.Code) -> UInt8 {
        itemStart = offset
        guard offset < end else { throw .truncated }
        offset += 1
        return bytes[offset - 1]
    }

    mutating func word() throws(DecodeError.Code) -> UInt16 {
        itemStart = offset
        guard end - offset >= 2 else { throw .truncated }
        offset += 2
        return UInt16(bytes[offset - 2]) | UInt16(bytes[offset - 1]) << 8
    }

    mutating func integer() throws(DecodeError.Code) -> UInt64 {
        itemStart = offset
        if offset < end, bytes[offset] < 0x80 {
            offset += 1
            return UInt64(bytes[offset - 1])
        }
        do throws(VU128.Failure) {
            let value = try VU128.decode(bytes, at: &offset)
            guard offset <= end else { throw .truncated }
            return value
        } catch {
            switch error {
            case .truncated: throw .truncated
            case .notCanonical: throw .notCanonical
            case .overflow: throw .overflow
            }
        }
    }

    mutating func number() throws(DecodeError.Code) -> UInt32 {
        guard let value = UInt32(exactly: try integer()) else { throw .valueOutOfRange }
        return value
    }

    mutating func signed() throws(DecodeError.Code) -> Int64 { VU128.unzigzag(try integer()) }

    mutating func optional() throws(DecodeError.Code) -> UInt32? {
        let value = try integer()
        if value == 0 { return nil }
        guard let index = UInt32(exactly: value - 1) else { throw .valueOutOfRange }
        return index
    }

    mutating func text() throws(DecodeError.Code) -> [UInt8] {
        let length = try count(minimum: 1)
        if length > 0 { try reserve(arrayBytes + length) }
        offset += length
        return Array(bytes[offset - length..<offset])
    }

    static func sum(_ first: UInt32, _ second: UInt32) throws(DecodeError.Code) -> UInt32 {
        let (sum, overflow) = first.addingReportingOverflow(second)
        guard !overflow else { throw .valueOutOfRange }
        return sum
    }
}
