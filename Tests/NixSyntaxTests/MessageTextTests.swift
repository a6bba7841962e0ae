import MessageText
import Testing

/// How much of a program's own text a message shows.
@Suite struct MessageTextTests {
    private static func text(_ count: Int, _ byte: Character = "a") -> [UInt8] {
        Array(String(repeating: byte, count: count).utf8)
    }

    @Test func shortTextsAreWhole() {
        for count in [0, 1, MessageText.longestQuote, MessageText.longestWhole] {
            #expect(MessageText.excerpt(Self.text(count)) == Self.text(count))
        }
    }

    @Test func longTextsAreCut() {
        let shown = MessageText.shortened(Self.text(1 << 20))
        let left = (1 << 20) - MessageText.longestQuote
        #expect(shown == String(repeating: "a", count: MessageText.longestQuote) + " «\(left) bytes elided»")
    }

    @Test func anExcerptIsItsOwnExcerpt() {
        for count in [MessageText.longestWhole + 1, 1 << 16] {
            let once = MessageText.excerpt(Self.text(count))
            #expect(once.count <= MessageText.longestWhole)
            #expect(MessageText.excerpt(once) == once)
        }
        // The longest note there can be.
        let longest = MessageText.excerpt(Self.text(MessageText.longestWhole), of: .max)
        #expect(longest.count <= MessageText.longestWhole)
    }

    @Test func charactersStayWhole() {
        // The byte at which it is cut lies in a character.
        let text = [UInt8(ascii: "a")] + Self.text(1_000, "é")
        let shown = MessageText.excerpt(text)
        #expect(shown.starts(with: text[..<(MessageText.longestQuote - 1)]))
        #expect(String(decoding: shown, as: UTF8.self).unicodeScalars.allSatisfy { $0 != "\u{FFFD}" })
    }

    @Test func otherBytesStayAsTheyAre() {
        let text = [UInt8](repeating: 0x80, count: 5_000)
        #expect(MessageText.excerpt(text).prefix(MessageText.longestQuote) == text.prefix(MessageText.longestQuote))
        #expect(MessageText.excerpt(text[..<10]) == Array(text[..<10]))
    }

    @Test func aBeginningIsEnough() {
        let text = Self.text(1 << 16)
        #expect(MessageText.excerpt(text[..<MessageText.longestWhole], of: text.count) == MessageText.excerpt(text))
    }
}
