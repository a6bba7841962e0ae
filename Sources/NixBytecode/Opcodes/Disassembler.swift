/// Disassembles programs, for `firn disassemble` and for the compiler's tests.
///
/// A line has the code offset, the opcode, its operands with names and constants instead of indices, and after a
/// semicolon the line and column in the source where they change. It also works for unverified programs, in which
/// invalid items are marked as such.
public struct Disassembler: Sendable {
    /// The most bytes of a string that are shown.
    static let longestText = 200

    let program: Program

    public init(_ program: Program) { self.program = program }

    /// The text of all chunks.
    public func text() -> String {
        program.chunks.indices.map(chunk).joined(separator: "\n")
    }

    /// The text of one chunk: a header, and a line for each instruction. For an index out of range it is one line that
    /// says so.
    public func chunk(_ index: Int) -> String {
        guard program.chunks.indices.contains(index) else { return "chunk \(index): not there\n" }
        let chunk = program.chunks[index]
        var reader = CodeReader(chunk.code)
        var shown: SourceSpan?
        var text = header(index) + "\n"
        while !reader.isAtEnd {
            let offset = reader.offset
            let instruction = self.instruction(&reader)
            let span = chunk.span(at: offset)
            var line = "\(Self.padded(offset))  \(instruction ?? "not readable as an instruction")"
            if let location = location(span), span != shown { line = Self.padded(line, 56) + " ; \(location)" }
            shown = span
            text += line + "\n"
            if instruction == nil { break }
        }
        return text
    }

    /// The instruction at a code offset, without offset and source position; nil if there is none.
    public func instruction(chunk index: Int, offset: Int) -> String? {
        guard program.chunks.indices.contains(index), offset >= 0 else { return nil }
        var reader = CodeReader(program.chunks[index].code, at: offset)
        return instruction(&reader)
    }
}

extension Disassembler {
    private func header(_ index: Int) -> String {
        let chunk = program.chunks[index]
        var parts = ["\(chunk.kind == .topLevel ? "top level" : "\(chunk.kind)")"]
        if let name = chunk.name { parts.append("name \(symbol(name))") }
        if !chunk.parameters.isEmpty {
            let names = chunk.parameters.map { $0.map(symbol) ?? "_" }
            parts.append("parameters \(names.joined(separator: " "))")
        }
        if let formals = chunk.formals { parts.append("formals \(self.formals(Int(formals)))") }
        if chunk.upvalueCount > 0 {
            parts.append("upvalues \(chunk.upvalueCount)\(chunk.capturesWith ? " (last: with)" : "")")
        }
        parts.append("stack \(chunk.maximumStack)")
        if let location = location(chunk.spans.first) { parts.append("at \(location)") }
        return "chunk \(index): \(parts.joined(separator: ", "))"
    }

    /// Disassembles one instruction; nil if it is invalid.
    private func instruction(_ reader: inout CodeReader) -> String? {
        do throws(CodeReader.Failure) {
            let opcode = try reader.opcode()
            var operands: [String] = []
            for operand in opcode.info.operands { operands.append(try self.operand(operand, opcode, &reader)) }
            if operands.isEmpty { return opcode.info.name }
            return Self.padded(opcode.info.name, 20) + " " + operands.joined(separator: " ")
        } catch {
            return nil
        }
    }

    private func operand(
        _ operand: Operand, _ opcode: Opcode, _ reader: inout CodeReader
    ) throws(CodeReader.Failure) -> String {
        switch operand {
        case .constant: constant(try reader.number())
        case .signed: "\(try reader.signed())"
        case .count: "\(try reader.number())"
        case .slot: "local \(try reader.number())"
        case .upvalue: "upvalue \(try reader.number())"
        case .chunk: "chunk \(try reader.number())"
        case .symbol: symbol(UInt32(truncatingIfNeeded: try reader.number()))
        case .shape: shape(try reader.number())
        case .formals: formals(try reader.number())
        case .position: position(try reader.position())
        case .captures: try captures(&reader)
        case .deferred: try deferred(&reader)
        case .jump: "-> \(try reader.jumpTarget())"
        case .coercion: coercion(try reader.coercion())
        }
    }

    private func captures(_ reader: inout CodeReader) throws(CodeReader.Failure) -> String {
        let packed = try reader.integer()
        var positions: [Position] = []
        for _ in 0..<packed >> 1 { positions.append(try reader.position()) }
        return captures(positions, with: packed & 1 == 1 ? try reader.position() : nil)
    }

    private func deferred(_ reader: inout CodeReader) throws(CodeReader.Failure) -> String {
        var pairs: [String] = []
        for _ in 0..<(try reader.number()) {
            let capture = try reader.number()
            pairs.append("\(capture) = local \(try reader.number())")
        }
        return "{\(pairs.joined(separator: ", "))}"
    }
}
