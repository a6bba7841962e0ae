import NixFormats

/// A JSON object on one line, with its members in the order of their names.
package struct LineObject {
    private var members: [(name: [UInt8], value: [UInt8])] = []

    package init() {}

    package var isEmpty: Bool { members.isEmpty }

    /// Adds a member whose value is JSON.
    package mutating func add(_ name: [UInt8], value: [UInt8]) { members.append((name, value)) }

    package mutating func add(_ name: String, value: [UInt8]) { add(Array(name.utf8), value: value) }

    /// Adds a member that is a string. Bytes that are not UTF-8 are replaced, because JSON cannot contain them.
    package mutating func add(_ name: String, text: [UInt8]) { add(name, value: Self.quoted(text)) }

    /// Adds a member that is a list of strings.
    package mutating func add(_ name: String, texts: [[UInt8]]) { add(name, value: Self.list(texts: texts)) }

    package mutating func add(_ name: String, number: UInt64) { add(name, value: Array(String(number).utf8)) }

    package var bytes: [UInt8] {
        let sorted = members.sorted { $0.name.lexicographicallyPrecedes($1.name) }
        let items = sorted.map { Self.quoted($0.name) + [UInt8(ascii: ":")] + $0.value }
        return [UInt8(ascii: "{")] + items.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "}")]
    }

    /// A list of values in JSON.
    package static func list(_ items: [[UInt8]]) -> [UInt8] {
        [UInt8(ascii: "[")] + items.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
    }

    /// A list of strings in JSON.
    package static func list(texts: [[UInt8]]) -> [UInt8] { list(texts.map(quoted)) }

    private static func quoted(_ text: [UInt8]) -> [UInt8] {
        let isASCII = text.allSatisfy { $0 < 0x80 }
        var result: [UInt8] = []
        JSONText.quote(isASCII ? text : Array(String(decoding: text, as: UTF8.self).utf8), into: &result)
        return result
    }
}
