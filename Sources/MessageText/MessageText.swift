/// How much of a program's own text a message shows.
///
/// A name, literal or path may be as long as memory allows, and a message is copied on its way to whoever reads it. So
/// every message that quotes such a text takes it from here: what an error costs does not depend on what it is about.
/// Only what a program says itself, with `throw`, `abort` or `addErrorContext`, is no quotation.
public enum MessageText {
    /// Bytes of a text that is cut which a message shows.
    public static let longestQuote = 1024
    /// Bytes of the longest text that is not cut: the note of what is left out takes as many as it would save. So an
    /// excerpt is its own excerpt.
    public static let longestWhole = longestQuote + 40

    /// A text as a message shows it: of one of more than `longestWhole` bytes the first `longestQuote`, with whole
    /// characters, and how many are left out. Bytes that are no UTF-8 stay as they are.
    ///
    /// - Parameter length: bytes of all of it, where `bytes` are only the first ones, `longestWhole` at least.
    public static func excerpt(_ bytes: some RandomAccessCollection<UInt8>, of length: Int? = nil) -> [UInt8] {
        let length = length ?? bytes.count
        guard length > longestWhole else { return Array(bytes) }
        // One more than is shown tells whether a character begins behind it.
        let first = Array(bytes.prefix(longestQuote + 1))
        let end = characterStart(first, atOrBefore: min(longestQuote, first.count))
        return first[..<end] + Array(" «\(length - end) bytes elided»".utf8)
    }

    /// As `excerpt`, with a replacement character for what is no UTF-8.
    public static func shortened(_ bytes: some RandomAccessCollection<UInt8>, of length: Int? = nil) -> String {
        String(decoding: excerpt(bytes, of: length), as: UTF8.self)
    }

    /// As `excerpt`, of text.
    public static func shortened(_ text: String) -> String { shortened(Array(text.utf8)) }

    /// Where the UTF-8 character begins that an offset lies in; the offset itself where the bytes are none.
    public static func characterStart(_ bytes: [UInt8], atOrBefore offset: Int) -> Int {
        var start = offset
        while start > 0, offset - start < 4, start < bytes.count, bytes[start] & 0xC0 == 0x80 { start -= 1 }
        return offset - start < 4 ? start : offset
    }
}
