import NixFormats

/// A JSON document to be written. The members of objects keep their order.
indirect enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case number(Int64)
    case unsigned(UInt64)
    case real(Double)
    /// A string. Bytes that are not UTF-8 become U+FFFD, because JSON cannot contain them.
    case bytes([UInt8])
    case array([JSONValue])
    case object([(String, JSONValue)])

    static func string(_ text: String) -> JSONValue { .bytes(Array(text.utf8)) }

    /// The document on one line.
    var text: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .number(let value): bytes += String(value).utf8
        case .unsigned(let value): bytes += String(value).utf8
        case .real(let value): bytes += (value.isFinite ? "\(value)" : "null").utf8
        case .bytes(let value): Self.write(value, to: &bytes)
        case .array(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.write(Array(member.0.utf8), to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.1.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ value: [UInt8], to bytes: inout [UInt8]) {
        let isASCII = value.allSatisfy { $0 < 0x80 }
        let content = isASCII ? value : Array(String(decoding: value, as: UTF8.self).utf8)
        JSONText.quote(content, into: &bytes)
    }
}
