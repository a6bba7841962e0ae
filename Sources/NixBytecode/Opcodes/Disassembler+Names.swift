extension Disassembler {
    /// A symbol's name, quoted unless it is an identifier.
    func symbol(_ index: UInt32) -> String {
        guard index < program.symbols.count else { return "symbol \(index)?" }
        let name = program.symbols[Int(index)]
        return Self.isIdentifier(name) ? String(decoding: name, as: UTF8.self) : Self.quoted(name)
    }

    func constant(_ index: Int) -> String {
        guard program.constants.indices.contains(index) else { return "constant \(index)?" }
        switch program.constants[index] {
        case .integer(let value): return "\(value)"
        case .float(let bits): return "\(Double(bitPattern: bits))"
        case .string(let text): return Self.quoted(text)
        case .path(let text): return "path \(Self.quoted(text))"
        case .global(let name): return "global \(symbol(name))"
        }
    }

    func shape(_ index: Int) -> String {
        guard program.shapes.indices.contains(index) else { return "shape \(index)?" }
        let names = program.shapes[index].names.map { symbol($0.symbol) }
        return "{\(names.joined(separator: ", "))}"
    }

    func formals(_ index: Int) -> String {
        guard program.formals.indices.contains(index) else { return "formals \(index)?" }
        let formals = program.formals[index]
        var parts = formals.formals.map { symbol($0.symbol) + defaultValue($0.defaultValue) }
        if formals.hasEllipsis { parts.append("...") }
        return "{\(parts.joined(separator: ", "))}"
    }

    func captures(_ positions: [Position], with chain: Position?) -> String {
        let text = "[\(positions.map(position).joined(separator: ", "))]"
        return chain.map { "\(text) with \(position($0))" } ?? text
    }

    func position(_ position: Position) -> String {
        position.kind == .none ? "none" : "\(position.kind) \(position.index)"
    }

    func coercion(_ coercion: Coercion) -> String {
        var parts: [String] = []
        if coercion.contains(.any) { parts.append("any") }
        if coercion.contains(.copyToStore) { parts.append("copyToStore") }
        return parts.isEmpty ? "plain" : parts.joined(separator: "+")
    }

    /// The line and column of a span's start; its byte range if there is no line table; nil without a span.
    func location(_ span: SourceSpan?) -> String? {
        guard let span else { return nil }
        guard let location = program.lines?.location(of: span.start) else { return "bytes \(span.start)..<\(span.end)" }
        return "\(location.line):\(location.column)"
    }

    private func defaultValue(_ value: Formals.Default) -> String {
        switch value {
        case .none: ""
        case .constant(let index): " ? \(constant(Int(index)))"
        case .integer(let integer): " ? \(integer)"
        case .null: " ? null"
        case .true: " ? true"
        case .false: " ? false"
        case .thunk(let chunk, let positions, let with): " ? chunk \(chunk) \(captures(positions, with: with))"
        }
    }

    static func padded(_ offset: Int) -> String {
        let digits = "\(offset)"
        return String(repeating: " ", count: max(0, 6 - digits.count)) + digits
    }

    static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.utf8.count))
    }

    static func isIdentifier(_ name: [UInt8]) -> Bool {
        guard let first = name.first, isLetter(first) else { return false }
        return name.allSatisfy { isLetter($0) || 0x30...0x39 ~= $0 || $0 == 0x27 || $0 == 0x2D }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        0x41...0x5A ~= byte || 0x61...0x7A ~= byte || byte == 0x5F
    }

    /// A string literal of the bytes. Printable ASCII and well-formed UTF-8 are not escaped; long strings are cut.
    static func quoted(_ bytes: [UInt8]) -> String {
        var text = ""
        for scalar in String(decoding: bytes.prefix(longestText), as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    text += "\\u{\(String(scalar.value, radix: 16))}"
                } else {
                    text.unicodeScalars.append(scalar)
                }
            }
        }
        let cut = bytes.count > longestText ? "... (\(bytes.count) bytes)" : ""
        return "\"\(text)\"\(cut)"
    }
}
