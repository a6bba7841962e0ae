/// Writing documents, with the members of objects sorted by their bytes.
extension JSONDocument {
    /// The text on one line, without spaces.
    package var compactText: [UInt8] {
        var out: [UInt8] = []
        write(into: &out, indentation: nil)
        return out
    }

    /// The text on many lines, indented by two spaces a level, without a newline at the end.
    package var indentedText: [UInt8] {
        var out: [UInt8] = []
        write(into: &out, indentation: 0)
        return out
    }

    /// Creates an object, whose keys are texts.
    package static func members(_ pairs: KeyValuePairs<String, JSONDocument?>) -> JSONDocument {
        var members: [[UInt8]: JSONDocument] = [:]
        for (name, value) in pairs { if let value { members[Array(name.utf8)] = value } }
        return .object(members)
    }

    private func write(into out: inout [UInt8], indentation: Int?) {
        switch self {
        case .null: out += "null".utf8
        case .boolean(let value): out += (value ? "true" : "false").utf8
        case .integer(let value): out += String(value).utf8
        case .float(let value): out += JSONText.float(value)
        case .string(let text): JSONText.quote(text, into: &out)
        case .list(let elements):
            Self.write("[", "]", elements, into: &out, indentation) { element, out, inner in
                element.write(into: &out, indentation: inner)
            }
        case .object(let members):
            let sorted = members.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            Self.write("{", "}", sorted, into: &out, indentation) { member, out, inner in
                JSONText.quote(member.key, into: &out)
                out += (inner == nil ? ":" : ": ").utf8
                member.value.write(into: &out, indentation: inner)
            }
        }
    }

    private static func write<Item>(
        _ begin: String, _ end: String, _ items: [Item], into out: inout [UInt8], _ indentation: Int?,
        _ body: (Item, inout [UInt8], Int?) -> Void
    ) {
        out += begin.utf8
        let inner = indentation.map { $0 + 2 }
        for (index, item) in items.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            breakLine(into: &out, inner)
            body(item, &out, inner)
        }
        if !items.isEmpty { breakLine(into: &out, indentation) }
        out += end.utf8
    }

    private static func breakLine(into out: inout [UInt8], _ indentation: Int?) {
        guard let indentation else { return }
        out.append(UInt8(ascii: "\n"))
        out.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indentation))
    }
}
