extension Program {
    /// The encoded program. Equal programs have equal encodings. Spans are left out if there is no line table.
    ///
    /// Any program can be encoded; one with invalid spans or indices is rejected when it is decoded or verified.
    public func encoded() -> [UInt8] {
        var encoder = ProgramEncoder(hasSpans: lines != nil)
        encoder.encode(self)
        return encoder.bytes
    }
}

/// Encodes a program section by section.
struct ProgramEncoder {
    private(set) var bytes: [UInt8] = []
    /// The offset of each entry, by section.
    private(set) var starts: [[Int]] = []
    let hasSpans: Bool

    init(hasSpans: Bool) { self.hasSpans = hasSpans }

    mutating func encode(_ program: Program) {
        bytes = ProgramFormat.magic
        word(ProgramFormat.version)
        word(hasSpans ? ProgramFormat.Flags.spans.rawValue : 0)
        number(program.compilerVersion)
        section(.symbols, program.symbols) { $0.text($1) }
        section(.constants, program.constants) { $0.constant($1) }
        section(.shapes, program.shapes) { $0.shape($1) }
        section(.formals, program.formals) { $0.formals($1) }
        section(.chunks, program.chunks) { $0.chunk($1) }
        if let lines = program.lines {
            var previous: UInt32 = 0
            section(.lines, lines.lineStarts) {
                $0.number($1 &- previous)
                previous = $1
            }
        }
    }
}

extension ProgramEncoder {
    /// Writes a section: its number, the length of the rest, a count, and the entries.
    private mutating func section<Entry>(
        _ section: ProgramFormat.Section, _ entries: [Entry], _ write: (inout ProgramEncoder, Entry) -> Void
    ) {
        var payload = ProgramEncoder(hasSpans: hasSpans)
        var offsets: [Int] = []
        offsets.reserveCapacity(entries.count)
        payload.list(entries) {
            offsets.append($0.bytes.count)
            write(&$0, $1)
        }
        bytes.append(section.rawValue)
        text(payload.bytes)
        let payloadStart = bytes.count - payload.bytes.count
        starts.append(offsets.map { payloadStart + $0 })
    }

    private mutating func list<Entry>(_ entries: [Entry], _ write: (inout ProgramEncoder, Entry) -> Void) {
        VU128.append(UInt64(entries.count), to: &bytes)
        for entry in entries { write(&self, entry) }
    }

    private mutating func number(_ value: UInt32) { VU128.append(UInt64(value), to: &bytes) }

    private mutating func signed(_ value: Int64) { VU128.append(VU128.zigzag(value), to: &bytes) }

    private mutating func word(_ value: UInt16) {
        bytes.append(UInt8(value & 0xFF))
        bytes.append(UInt8(value >> 8))
    }

    private mutating func text(_ text: [UInt8]) {
        VU128.append(UInt64(text.count), to: &bytes)
        bytes.append(contentsOf: text)
    }

    /// Writes nil as 0, and a number as its successor.
    private mutating func optional(_ value: UInt32?) {
        VU128.append(value.map { UInt64($0) + 1 } ?? 0, to: &bytes)
    }

    /// Writes a span as start and length. The length wraps if the span ends before it starts, and no decoder accepts
    /// that.
    private mutating func span(_ span: SourceSpan) {
        number(span.start)
        number(span.end &- span.start)
    }

    private mutating func span(_ span: SourceSpan?) {
        guard hasSpans else { return }
        optional(span?.start)
        if let span { number(span.end &- span.start) }
    }

    private mutating func constant(_ constant: Constant) {
        switch constant {
        case .integer(let value):
            bytes.append(ProgramFormat.ConstantTag.integer.rawValue)
            signed(value)
        case .float(let bits):
            bytes.append(ProgramFormat.ConstantTag.float.rawValue)
            for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(bits >> shift & 0xFF)) }
        case .string(let value):
            bytes.append(ProgramFormat.ConstantTag.string.rawValue)
            text(value)
        case .path(let value):
            bytes.append(ProgramFormat.ConstantTag.path.rawValue)
            text(value)
        case .global(let symbol):
            bytes.append(ProgramFormat.ConstantTag.global.rawValue)
            number(symbol)
        }
    }

    private mutating func shape(_ shape: Shape) {
        list(shape.names) {
            $0.number($1.symbol)
            $0.span($1.span)
        }
    }

    private mutating func formals(_ formals: Formals) {
        bytes.append(formals.hasEllipsis ? 1 : 0)
        list(formals.formals) {
            $0.number($1.symbol)
            $0.span($1.span)
            $0.defaultValue($1.defaultValue)
        }
    }

    private mutating func defaultValue(_ value: Formals.Default) {
        bytes.append(value.tag.rawValue)
        switch value {
        case .none, .null, .true, .false: break
        case .constant(let index): number(index)
        case .integer(let integer): signed(integer)
        case .thunk(let chunk, let captures, let with):
            number(chunk)
            VU128.append(UInt64(captures.count) << 1 | (with == nil ? 0 : 1), to: &bytes)
            for capture in captures { VU128.append(capture.rawValue, to: &bytes) }
            if let with { VU128.append(with.rawValue, to: &bytes) }
        }
    }

    private mutating func chunk(_ chunk: Chunk) {
        var flags = ProgramFormat.ChunkFlags()
        if chunk.capturesWith { flags.insert(.capturesWith) }
        if chunk.formals != nil { flags.insert(.formals) }
        if chunk.name != nil { flags.insert(.name) }
        bytes.append(chunk.kind.rawValue | flags.rawValue)
        number(chunk.arity)
        number(chunk.upvalueCount)
        number(chunk.maximumStack)
        if let formals = chunk.formals { number(formals) }
        if let name = chunk.name { number(name) }
        list(chunk.parameters) { $0.optional($1) }
        text(chunk.code)
        guard hasSpans else { return }
        list(chunk.spans) { $0.span($1) }
        instructionSpans(chunk.instructionSpans)
    }

    /// Writes each instruction span as the difference to the one before, which is small.
    private mutating func instructionSpans(_ spans: [InstructionSpan]) {
        var offset: UInt32 = 0
        var start: UInt32 = 0
        list(spans) {
            $0.number($1.offset &- offset)
            $0.signed(Int64($1.span.start) - Int64(start))
            $0.number($1.span.end &- $1.span.start)
            offset = $1.offset
            start = $1.span.start
        }
    }
}

extension Formals.Default {
    var tag: ProgramFormat.DefaultTag {
        switch self {
        case .none: .none
        case .constant: .constant
        case .integer: .integer
        case .null: .null
        case .true: .true
        case .false: .false
        case .thunk: .thunk
        }
    }
}
