import Testing

@testable import FirnCommands

/// What a terminal may show of texts that somebody else chose.
@Suite struct TerminalTextTests {
    private func filtered(_ text: String, keepsColors: Bool) -> String {
        String(decoding: TerminalText.filtered(Array(text.utf8), keepsColors: keepsColors), as: UTF8.self)
    }

    @Test(arguments: [
        ("plain ä «x»\nline\n", "plain ä «x»\nline\n"),
        ("a\u{1B}[31;1mred\u{1B}[0m", "ared"),
        ("a\u{1B}[2Jb\u{1B}[1;1Hc\u{1B}[?25ld\u{1B}[1 qe", "abcde"),
        ("a\u{1B}]0;title\u{7}b\u{1B}]8;;http://x\u{1B}\\c", "abc"),
        ("a\u{1B}]0;never ended\nb", "a\nb"),
        ("a\u{1B}P1$r\u{1B}\\b\u{1B}Mc\u{1B}", "abc"),
        ("a\u{1B}[31", "a"), ("a\u{1B}[31\nb", "a\nb"),
        ("a\tb\n\tc", "a       b\n        c"), ("ää\tb", "ää      b"), ("12345678\t9", "12345678        9"),
        ("a\r\u{7}\u{8}\u{E}\u{7F}b", "ab"), ("a\u{9B}31mb\u{85}c", "a31mbc"), ("\u{C2}\u{A0}é", "\u{C2}\u{A0}é"),
    ]) func nothingSteersTheTerminal(_ text: String, _ shown: String) {
        #expect(filtered(text, keepsColors: false) == shown)
    }

    @Test(arguments: [
        ("a\u{1B}[31;1mred\u{1B}[0m", "a\u{1B}[31;1mred\u{1B}[0m"),
        ("a\u{1B}[2Jb\u{1B}[38:5:1mc\u{1B}[31", "ab\u{1B}[38:5:1mc"),
        ("a\u{1B}]0;m\u{1B}\\b\u{1B}]m\u{7}", "ab"),
        ("\u{1B}[1mx\ty", "\u{1B}[1mx       y"),
    ]) func onlyColorsStay(_ text: String, _ shown: String) {
        #expect(filtered(text, keepsColors: true) == shown)
    }

    @Test func bytesThatAreNoUTF8Stay() {
        let bytes: [UInt8] = [0xFF, 0xC2, 0x09, 0x9B, 0xC2]
        #expect(
            TerminalText.filtered(bytes, keepsColors: false) == [0xFF, 0xC2] + Array(repeating: 0x20, count: 6)
                + [0x9B, 0xC2])
    }

    @Test(arguments: [
        ("a b", "a b"), ("ä «x»", "ä «x»"), ("a\nb", #"a\u{A}b"#), ("\u{1B}[31mred", #"\u{1B}[31mred"#),
        ("\u{9B}", #"\u{9B}"#),
    ]) func aLabelStaysOnItsLine(_ text: String, _ shown: String) {
        #expect(TerminalText.line(text) == shown)
    }
}
