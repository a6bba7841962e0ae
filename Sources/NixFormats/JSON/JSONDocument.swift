/// The value of a small JSON text, such as a lock file or the answer of a server. Texts that programs give are read by the
/// machine instead, which charges for them.
package indirect enum JSONDocument: Equatable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case float(Double)
    case string([UInt8])
    case list([JSONDocument])
    case object([[UInt8]: JSONDocument])

    /// Containers may nest to this depth. Releasing a document recurses as deep.
    package static let maximumDepth = 128
    /// The longest text that is read, in bytes. The lock file of a flake with 1000 inputs has half a megabyte.
    package static let maximumLength = 16 << 20

    /// Reads a text.
    ///
    /// - Returns: nil if it is too long or too deep.
    /// - Throws: what is wrong with the text.
    package init?(_ text: [UInt8]) throws(JSONError) {
        guard text.count <= Self.maximumLength else { return nil }
        var meter = WorkMeter(units: 1 << 30, byteLimit: .max, budget: Self.budget)
        var builder = Builder(text: text)
        try text.withView { (bytes) throws(JSONError) in
            var reader = JSONReader(bytes)
            _ = try reader.measure(&meter)
            do throws(WorkStop) {
                unsafe try reader.withTokens { (tokens) throws(WorkStop) in unsafe builder.add(tokens) }
            } catch {
                throw .stopped(error)
            }
        }
        guard let document = builder.document else { return nil }
        self = document
    }

    /// The member of an object with a key; nil if there is none or the document is no object.
    package subscript(key: String) -> JSONDocument? {
        guard case .object(let members) = self else { return nil }
        return members[Array(key.utf8)]
    }

    package var text: [UInt8]? { if case .string(let text) = self { text } else { nil } }
    package var members: [[UInt8]: JSONDocument]? { if case .object(let members) = self { members } else { nil } }
    package var elements: [JSONDocument]? { if case .list(let elements) = self { elements } else { nil } }

    /// Texts of bounded length need no budget.
    private final class UnlimitedBudget: WorkBudget, Sendable {
        func refill(_ units: Int) -> Int? { 1 << 30 }
    }

    private static let budget = UnlimitedBudget()

    /// Builds documents from tokens, in which the members of a container precede its end.
    private struct Builder {
        let text: [UInt8]
        private var values: [(value: JSONDocument, depth: Int)] = []
        private var keys: [[UInt8]] = []
        private var isTooDeep = false

        init(text: [UInt8]) { self.text = text }

        var document: JSONDocument? { isTooDeep ? nil : values.first?.value }

        mutating func add(_ tokens: UnsafeBufferPointer<JSONReader.Token>) {
            for index in tokens.indices where !isTooDeep { add(unsafe tokens[index]) }
        }

        private mutating func add(_ token: JSONReader.Token) {
            switch token.kind {
            case .null: values.append((.null, 0))
            case .false: values.append((.boolean(false), 0))
            case .true: values.append((.boolean(true), 0))
            case .integer: values.append((.integer(Int64(bitPattern: token.payload)), 0))
            case .float: values.append((.float(Double(bitPattern: token.payload)), 0))
            case .string, .escapedString: values.append((.string(content(token)), 0))
            case .key, .escapedKey: keys.append(content(token))
            case .list:
                let members = take(Int(token.payload))
                append(.list(members.map(\.value)), around: members)
            case .object:
                let members = take(Int(token.payload))
                let names = keys.suffix(members.count)
                keys.removeLast(members.count)
                append(.object(Dictionary(zip(names, members.map(\.value))) { $1 }), around: members)
            }
        }

        private mutating func take(_ count: Int) -> [(value: JSONDocument, depth: Int)] {
            defer { values.removeLast(count) }
            return Array(values.suffix(count))
        }

        private mutating func append(_ value: JSONDocument, around members: [(value: JSONDocument, depth: Int)]) {
            let depth = 1 + (members.map(\.depth).max() ?? 0)
            if depth > JSONDocument.maximumDepth { isTooDeep = true }
            values.append((value, depth))
        }

        private func content(_ token: JSONReader.Token) -> [UInt8] {
            let source = Array(text[token.start..<(token.start + token.length)])
            guard token.kind == .escapedString || token.kind == .escapedKey else { return source }
            return source.withView { bytes in
                unsafe [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, count in
                    guard let base = buffer.baseAddress else { return }
                    var place = 0
                    JSONText.unescape(
                        bytes, from: &place, upTo: bytes.count, to: unsafe MutableByteView(base, count: bytes.count),
                        at: &count)
                }
            }
        }
    }
}
