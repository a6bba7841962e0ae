/// Finds invalid UTF-8, with the messages of the JSON library that Nix uses.
///
/// The check can be continued, so that its user can charge fuel for one block after another.
package struct UTF8Check {
    private let bytes: ByteView
    private var position = 0

    package init(_ bytes: ByteView) { self.bytes = bytes }

    /// The message if the text is not UTF-8; nil if it is. The text must be of bounded length.
    @inline(__always)
    package static func problem(_ bytes: ByteView) -> String? {
        var check = UTF8Check(bytes)
        return check.problem(upTo: bytes.count)
    }

    /// The message if the bytes before `end`, or the character that begins before it, are not UTF-8.
    package mutating func problem(upTo end: Int) -> String? {
        while position < end {
            if position &+ 8 <= bytes.count, bytes.word(at: position) & 0x8080_8080_8080_8080 == 0 {
                position &+= 8
                continue
            }
            let lead = bytes[position]
            position &+= 1
            if lead < 0x80 { continue }
            guard let (first, more) = UTF8Check.continuation(after: lead) else { return invalid(position - 1) }
            var range = first
            for _ in 0..<more {
                guard let byte = bytes.byte(at: position) else {
                    return "incomplete UTF-8 string; last byte: 0x\(Self.hex(bytes[position - 1]))"
                }
                guard range.contains(byte) else { return invalid(position) }
                range = 0x80...0xBF
                position &+= 1
            }
        }
        return nil
    }

    /// The range of the byte after a lead byte, and the number of continuation bytes; nil for an invalid lead byte.
    static func continuation(after lead: UInt8) -> (first: ClosedRange<UInt8>, more: Int)? {
        switch lead {
        case 0xC2...0xDF: (0x80...0xBF, 1)
        case 0xE0: (0xA0...0xBF, 2)
        case 0xED: (0x80...0x9F, 2)
        case 0xE1...0xEF: (0x80...0xBF, 2)
        case 0xF0: (0x90...0xBF, 3)
        case 0xF1...0xF3: (0x80...0xBF, 3)
        case 0xF4: (0x80...0x8F, 3)
        default: nil
        }
    }

    private func invalid(_ index: Int) -> String { "invalid UTF-8 byte at index \(index): 0x\(Self.hex(bytes[index]))" }

    private static func hex(_ byte: UInt8) -> String {
        String(decoding: [byte >> 4, byte & 15].map { $0 < 10 ? $0 + 48 : $0 + 55 }, as: UTF8.self)
    }
}
