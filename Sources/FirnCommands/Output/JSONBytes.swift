import NixFormats

/// Builds JSON from bytes. Names and paths need not be UTF-8, and are written unchanged.
enum JSONBytes {
    static func string(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        JSONText.quote(bytes, into: &result)
        return result
    }

    static func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }

    static func array(_ items: [[UInt8]]) -> [UInt8] {
        [UInt8(ascii: "[")] + items.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
    }

    static func object(_ pairs: [(name: String, value: [UInt8])]) -> [UInt8] {
        let items = pairs.map { string(Array($0.name.utf8)) + [UInt8(ascii: ":")] + $0.value }
        return [UInt8(ascii: "{")] + items.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "}")]
    }
}
