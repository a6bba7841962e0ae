/// Finds where bytes are not UTF-8, in the words of the JSON library that Nix uses.
package enum UTF8Check {
    /// Nil when the bytes are UTF-8.
    package static func problem(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        var index = 0
        while index < bytes.count {
            let lead = bytes[index]
            index += 1
            if lead < 0x80 { continue }
            guard let (first, more) = continuation(after: lead) else { return invalid(bytes, index - 1) }
            var range = first
            for _ in 0..<more {
                guard index < bytes.count else {
                    return "incomplete UTF-8 string; last byte: 0x\(hex(bytes[index - 1]))"
                }
                guard range.contains(bytes[index]) else { return invalid(bytes, index) }
                range = 0x80...0xBF
                index += 1
            }
        }
        return nil
    }

    /// What the byte after a lead byte may be, and how many follow; nil for what is no lead byte.
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

    private static func invalid(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> String {
        "invalid UTF-8 byte at index \(index): 0x\(hex(bytes[index]))"
    }

    private static func hex(_ byte: UInt8) -> String {
        String(decoding: [byte >> 4, byte & 15].map { $0 < 10 ? $0 + 48 : $0 + 55 }, as: UTF8.self)
    }
}
