/// Why a text is not TOML, with the messages of toml11 4, which the newest Nix shows. toml11 continues after an error
/// and reports several; this reader stops at the first.
package struct TOMLError: Error {
    /// A range of the text, and the hint next to its carets.
    struct Mark {
        /// The range; nil for the byte at which the reader stopped.
        var range: Range<Int>?
        var hint: String
    }

    package var message: String
    var marks: [Mark]
    /// Lines that follow the marks.
    var suffix = ""
    /// Why reading was stopped; nil if the text is not TOML.
    package private(set) var stop: WorkStop?

    init(_ stop: WorkStop) {
        message = ""
        marks = []
        self.stop = stop
    }

    init(_ message: String, hint: String = "here", at position: Int? = nil, suffix: String = "") {
        self.message = message
        marks = [Mark(range: position.map { $0..<$0 + 1 }, hint: hint)]
        self.suffix = suffix
    }

    /// Creates an error about something that conflicts with an earlier definition.
    init(_ message: String, _ new: (range: Range<Int>, hint: String), _ old: (range: Range<Int>, hint: String)) {
        self.message = message
        marks = [Mark(range: new.range, hint: new.hint), Mark(range: old.range, hint: old.hint)]
    }

    static let integerHints = """
        Hint: valid  : -42, 1_000, 1_2_3_4_5, 0xC0FFEE, 0b0010, 0o755
        Hint: invalid: _42, 1__000, 0123

        """
    static let floatHints = """
        Hint: valid  : +1.0, -2e-2, 3.141_592_653_589, inf, nan
        Hint: invalid: .0, 1., _1.0, 1.0_, 1_.0, 1.0__0

        """
    static let timeHints = """
        Hint: valid  : 1979-05-27T07:32:00, 1979-05-27 07:32:00.999999
        Hint: invalid: 1979-05-27T7:32:00, 1979-05-27 17:32

        """
}

/// Renders an error: each mark with its source line and carets. Only the part of a long line around the mark is shown.
struct TOMLExcerpt {
    let bytes: ByteView

    /// The most bytes of a line that are shown before the mark, and from it on.
    private static let reach = 1000

    /// - Parameters:
    ///   - error: the error.
    ///   - position: the offset at which the reader stopped.
    ///   - meter: pays for counting the lines.
    func text(_ error: TOMLError, position: Int, _ meter: inout WorkMeter) throws(WorkStop) -> String {
        var lines: [(range: Range<Int>, number: String)] = []
        for mark in error.marks {
            let range = mark.range ?? position..<position + 1
            let start = min(range.lowerBound, bytes.count)
            let number = try lineNumber(start, &meter)
            lines.append((start..<max(range.lowerBound, range.upperBound), String(number)))
        }
        let width = lines.map { $0.number.count }.max() ?? 1
        let margin = String(repeating: " ", count: width + 1)
        var text = "[error] \(error.message)\n --> fromTOML\n\(margin) |\n"
        for (index, mark) in error.marks.enumerated() {
            if index > 0 { text += "\(margin) | ...\n\(margin) |\n" }
            text += line(lines[index].range, lines[index].number, mark.hint, width)
        }
        return text + error.suffix
    }

    /// Renders one line with its number. Carets end with the line.
    private func line(_ range: Range<Int>, _ number: String, _ hint: String, _ width: Int) -> String {
        let newline = UInt8(ascii: "\n")
        let first = range.lowerBound
        var start = first
        while start > 0, bytes[start - 1] != newline, first - start < TOMLExcerpt.reach { start -= 1 }
        var end = first
        while end < bytes.count, bytes[end] != newline, end - first < TOMLExcerpt.reach { end += 1 }
        let isCut = end < bytes.count && bytes[end] != newline
        if !isCut, end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        let pad = String(repeating: " ", count: width - number.count)
        let before = start > 0 && bytes[start - 1] != newline ? "..." : ""
        var shown = before
        for index in start..<max(start, end) { shown += Self.shown(bytes[index]) }
        if isCut { shown += "..." }
        let carets = max(1, min(range.count, end - first))
        let margin = String(repeating: " ", count: width + 1)
        let indent = String(repeating: " ", count: first - start + before.count)
        return " \(pad)\(number) | \(shown)\n\(margin) | \(indent)\(String(repeating: "^", count: carets))-- \(hint)\n"
    }

    private func lineNumber(_ position: Int, _ meter: inout WorkMeter) throws(WorkStop) -> Int {
        var number = 1
        for index in 0..<position {
            if index & 0xFFF == 0 { try meter.charge(1 + min(position - index, 4096) / 64) }
            if bytes[index] == UInt8(ascii: "\n") { number += 1 }
        }
        return number
    }

    private static let names: [UInt8: String] = [
        0x00: "NUL", 0x09: "TAB", 0x0B: "VERTICAL TAB", 0x0C: "FORM FEED", 0x0D: "CARRIAGE RETURN", 0x1B: "ESCAPE",
    ]

    /// A byte as toml11 shows it: as hexadecimal number unless it is printable ASCII.
    private static func shown(_ byte: UInt8) -> String {
        if byte >= 0x20 && byte < 0x7F { return String(Unicode.Scalar(byte)) }
        let digits = String(byte, radix: 16)
        return "0x\(digits.count < 2 ? "0" : "")\(digits)" + (names[byte].map { "(\($0))" } ?? "")
    }
}
