/// An encoded program preceded by an index of its entries, which allows random access to them.
///
/// Layout: 8 bytes of magic; a checksum of everything after it; the entry count of each of the six sections; the offset
/// of each entry from the beginning of these bytes, section by section; the encoded program. All numbers are
/// little-endian; the checksum has 64 bits, the others 32. Of the last section, the line table, only the first entry is
/// indexed. The index is not trusted: an entry is decoded and verified from whatever offset it gives.
struct ProgramIndex {
    static let magic: [UInt8] = [0x89, 0x46, 0x49, 0x52, 0x4E, 0x49, 0x58, 0x02]
    private static let sections = 6
    private static let tableStart = 16 + 4 * sections

    private let bytes: [UInt8]
    private var counts: [Int] = []
    /// The offset of each section's table of entry offsets.
    private var tables: [Int] = []
    /// The offset of the encoded program.
    let programStart: Int

    /// An encoded program preceded by its index.
    static func bytes(indexing program: [UInt8]) throws(DecodeError) -> [UInt8] {
        var decoder = ProgramDecoder(program)
        var starts: [[UInt32]]
        do throws(DecodeError.Code) {
            starts = try decoder.index()
        } catch { throw DecodeError(error, at: decoder.itemStart) }
        while starts.count < sections { starts.append([]) }
        // The line table is decoded sequentially.
        starts[sections - 1].removeLast(max(0, starts[sections - 1].count - 1))
        let total = starts.reduce(0) { $0 + $1.count }
        let programStart = tableStart + 4 * total
        guard programStart + program.count <= Int(UInt32.max) else { throw DecodeError(.tooLarge, at: 0) }
        var words: [UInt32] = starts.map { UInt32($0.count) }
        words.reserveCapacity(sections + total)
        for section in starts { words += section.map { $0 + UInt32(programStart) } }
        var body: [UInt8] = []
        body.reserveCapacity(4 * words.count + program.count)
        for word in words {
            for shift in [0, 8, 16, 24] as [UInt32] { body.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        body += program
        return seal(body)
    }

    /// Prepends the magic and the checksum.
    static func seal(_ body: [UInt8]) -> [UInt8] {
        var result = magic
        let sum = checksum(body, from: 0)
        for shift in 0..<8 { result.append(UInt8(truncatingIfNeeded: sum >> UInt64(8 * shift))) }
        return result + body
    }

    /// Fails if the bytes are incomplete or damaged.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.tableStart, bytes.starts(with: Self.magic) else { return nil }
        let low = UInt64(Self.word(bytes, 8))
        guard low | UInt64(Self.word(bytes, 12)) << 32 == Self.checksum(bytes, from: 16) else { return nil }
        self.bytes = bytes
        var next = Self.tableStart
        for section in 0..<Self.sections {
            let count = Int(Self.word(bytes, 16 + 4 * section))
            guard count <= (bytes.count - next) / 4 else { return nil }
            counts.append(count)
            tables.append(next)
            next += 4 * count
        }
        programStart = next
    }

    func count(_ section: ProgramFormat.Section) -> Int { counts[Int(section.rawValue) - 1] }

    func start(_ section: ProgramFormat.Section, _ entry: Int) -> UInt32 {
        entry < count(section) ? Self.word(bytes, tables[Int(section.rawValue) - 1] + 4 * entry) : UInt32.max
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        guard offset + 4 <= bytes.count else { return .max }
        return unsafe bytes.withUnsafeBytes {
            UInt32(littleEndian: unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
    }

    /// A checksum that detects damage, not attacks. It reads eight bytes at a time in four independent lanes.
    private static func checksum(_ bytes: [UInt8], from start: Int) -> UInt64 {
        var lanes =
            (0x243F_6A88_85A3_08D3, 0x1319_8A2E_0370_7344, 0xA409_3822_299F_31D0, 0x082E_FA98_EC4E_6C89)
            as (UInt64, UInt64, UInt64, UInt64)
        var tail = UInt64(truncatingIfNeeded: bytes.count - start)
        unsafe bytes.withUnsafeBytes { buffer in
            var offset = start
            while offset &+ 32 <= buffer.count {
                lanes.0 = step(lanes.0, unsafe buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                lanes.1 = step(lanes.1, unsafe buffer.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self))
                lanes.2 = step(lanes.2, unsafe buffer.loadUnaligned(fromByteOffset: offset &+ 16, as: UInt64.self))
                lanes.3 = step(lanes.3, unsafe buffer.loadUnaligned(fromByteOffset: offset &+ 24, as: UInt64.self))
                offset &+= 32
            }
            while offset < buffer.count {
                tail = step(tail, UInt64(unsafe buffer[offset]))
                offset &+= 1
            }
        }
        return step(step(step(step(tail, lanes.0), lanes.1), lanes.2), lanes.3)
    }

    @inline(__always)
    private static func step(_ state: UInt64, _ word: UInt64) -> UInt64 {
        let product = (state ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low &+ state
    }
}
