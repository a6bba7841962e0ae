/// The rule by which messages cut the texts that they quote.
///
/// A name, literal or path of a program may be as long as memory allows, and a message is copied several times on its
/// way to the reader. Every message therefore quotes such a text by these functions, so that the cost of an error does
/// not depend on the text. The arguments of `throw`, `abort` and `addErrorContext` are not quoted and not cut.
public enum MessageText {
    /// The bytes that a message shows of a text that is cut.
    public static let longestQuote = 1024
    /// The bytes of the longest text that is not cut. It exceeds `longestQuote` by more than the note on the omitted
    /// bytes takes, so that an excerpt, which ends in that note, is never cut again.
    public static let longestWhole = longestQuote + 40

    /// A text as a message shows it. Beyond `longestWhole` bytes it is cut at a character boundary to `longestQuote`
    /// bytes at most, and the number of omitted bytes follows. Bytes that are not UTF-8 are kept.
    ///
    /// - Parameters:
    ///   - bytes: the text, or a prefix of it of at least `longestWhole` bytes.
    ///   - length: bytes of the whole text, if `bytes` is a prefix.
    public static func excerpt(_ bytes: some RandomAccessCollection<UInt8>, of length: Int? = nil) -> [UInt8] {
        let length = length ?? bytes.count
        guard length > longestWhole else { return Array(bytes) }
        // The byte behind the last shown byte tells whether a character ends there.
        let first = Array(bytes.prefix(longestQuote + 1))
        let end = characterStart(first, atOrBefore: min(longestQuote, first.count))
        return first[..<end] + Array(" «\(length - end) bytes elided»".utf8)
    }

    /// As `excerpt`, with replacement characters for bytes that are not UTF-8.
    public static func shortened(_ bytes: some RandomAccessCollection<UInt8>, of length: Int? = nil) -> String {
        String(decoding: excerpt(bytes, of: length), as: UTF8.self)
    }

    /// As `excerpt`, for a `String`.
    public static func shortened(_ text: String) -> String { shortened(Array(text.utf8)) }

    /// The start of the UTF-8 character that contains `offset`; `offset` itself if the bytes are not UTF-8.
    public static func characterStart(_ bytes: [UInt8], atOrBefore offset: Int) -> Int {
        var start = offset
        while start > 0, offset - start < 4, start < bytes.count, bytes[start] & 0xC0 == 0x80 { start -= 1 }
        return offset - start < 4 ? start : offset
    }
}
