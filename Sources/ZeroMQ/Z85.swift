import CZeroMQ

/// Z85, ZeroMQ's text form of binary keys (rfc.zeromq.org/spec/32): four bytes as five characters.
enum Z85 {
    /// - Returns: nil unless the number of bytes is divisible by 4.
    static func encode(_ bytes: [UInt8]) -> String? {
        // The text is followed by a zero.
        var text = [CChar](repeating: 0, count: bytes.count / 4 * 5 + 1)
        guard unsafe zmq_z85_encode(&text, bytes, bytes.count) != nil else { return nil }
        return String(cText: text)
    }

    /// - Returns: nil if the text is empty, its length is not divisible by 5, a character is not of Z85, or a group
    ///   exceeds 32 bits.
    static func decode(_ text: String) -> [UInt8]? {
        // To libzmq a zero would be the end of the text.
        guard text.utf8.count.isMultiple(of: 5), !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: text.utf8.count / 5 * 4)
        guard unsafe zmq_z85_decode(&bytes, text) != nil else { return nil }
        return bytes
    }
}
