import NixFormats

/// `fromTOML`. Written here, beside JSON: a tree of a library's own would lie outside the machine's memory, and its
/// rules would not be those of toml11.
extension Machine {
    static let tomlBuiltins: [BuiltinDefinition] = [
        .function("fromTOML", 1, global: true) { $0.fromTOML() }
    ]
}

extension VM {
    /// Heap that must be free for each byte of text, so that what is read fits as well as what is made of it: the
    /// shortest line, `a=1`, makes one node.
    private static let roomPerByte = 32

    fileprivate func fromTOML() -> Step {
        guard let text = expectPlainString(0) else { return .error }
        guard reserve(text.field * VM.roomPerByte) else { return .collect }
        do {
            let document = try TOMLReader.read(text.byteBuffer)
            if let message = refusal(document) { return fail(.value, "while parsing TOML: \(message)") }
            guard reserve(size(of: document)) else { return .collect }
            guard charge(1 + text.field / 8) else { return .error }
            return done(make(document))
        } catch {
            let step = fail(.value, "while parsing TOML: \(error.message)")
            machine.failure?.endsInEmptyLine = true
            return step
        }
    }

    /// Why a text that is TOML has no value in Nix.
    private func refusal(_ document: TOMLDocument) -> String? {
        for bytes in document.keys where bytes.contains(0) { return nullByteMessage(bytes) }
        for node in document.nodes {
            switch node.content {
            case .timestamp where !machine.settings.features.contains("parse-toml-timestamps"):
                return "Dates and times are not supported"
            case .string(let bytes) where bytes.contains(0): return nullByteMessage(bytes)
            default: continue
            }
        }
        return nil
    }

    private func nullByteMessage(_ bytes: [UInt8]) -> String {
        let shown = String(decoding: bytes, as: UTF8.self).map { $0 == "\0" ? "␀" : String($0) }.joined()
        return "error: input string '\(shown)' cannot be represented as Nix string because it contains null bytes"
    }

    private func size(of document: TOMLDocument) -> Int {
        document.nodes.reduce(0) { size, node in
            switch node.content {
            case .table: size + Size.attributesAndLayout(node.count)
            case .array: size + Size.list(node.count)
            case .string(let bytes): size + Size.string(bytes.count)
            case .timestamp(let bytes): size + Size.string(bytes.count) + Size.attributesAndLayout(2)
            default: size + Size.number
            }
        }
    }

    /// The value of the document's first node. What a node holds stands after it, so that from the last to the first
    /// every value is made of values that are there.
    private func make(_ document: TOMLDocument) -> Value {
        let symbols = document.keys.map { s.pointee.symbols.intern($0) }
        var values = [Value](repeating: .null, count: document.nodes.count)
        for index in document.nodes.indices.reversed() {
            let node = document.nodes[index]
            switch node.content {
            case .boolean(let value): values[index] = .bool(value)
            case .integer(let value): values[index] = makeInteger(value)
            case .float(let value): values[index] = makeFloat(value)
            case .string(let bytes): values[index] = makeString(bytes)
            case .timestamp(let bytes):
                values[index] = makeAttributes([
                    (s.pointee.symbols.intern("_type"), nameString(s.pointee.symbols.intern("timestamp"))),
                    (Symbols.value, makeString(bytes)),
                ])
            case .array:
                let list = makeList(node.count)
                for (place, member) in document.members(of: index).enumerated() {
                    list.object.values[place] = values[member]
                }
                values[index] = list
            case .table:
                values[index] = makeAttributes(
                    document.members(of: index).map { (symbols[Int(document.nodes[$0].key)], values[$0]) })
            }
        }
        return values[0]
    }
}

extension TOMLDocument {
    /// What an array or table holds, in order.
    fileprivate func members(of index: Int) -> [Int] {
        var members: [Int] = []
        var member = nodes[index].first
        while member >= 0 {
            members.append(member)
            member = nodes[member].next
        }
        return members
    }
}
