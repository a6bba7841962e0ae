/// Why a text is no TOML, in the words of toml11 4, which the newest Nix shows. toml11 goes on after an error and tells
/// of more; here it ends with the first.
package struct TOMLError: Error {
    /// A part of the text, and what is said beside the line under it.
    struct Mark {
        /// Byte offsets; nil for the byte where the reader is.
        var range: Range<Int>?
        var hint: String
    }

    package var message: String
    var marks: [Mark]
    /// Lines after the marks.
    var suffix = ""

    init(_ message: String, hint: String = "here", at place: Int? = nil, suffix: String = "") {
        self.message = message
        marks = [Mark(range: place.map { $0..<$0 + 1 }, hint: hint)]
        self.suffix = suffix
    }

    /// About something that conflicts with what stands before it.
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

/// How an error is shown: each mark with its line, and carets under it.
struct TOMLExcerpt {
    let bytes: UnsafeBufferPointer<UInt8>

    /// - Parameter place: Where the reader stopped.
    func text(_ error: TOMLError, place: Int) -> String {
        let ranges = error.marks.map { mark in
            let range = mark.range ?? place..<place + 1
            return min(range.lowerBound, bytes.count)..<max(range.lowerBound, range.upperBound)
        }
        let width = ranges.map { String(lineNumber($0.lowerBound)).count }.max() ?? 1
        let margin = String(repeating: " ", count: width + 1)
        var text = "[error] \(error.message)\n --> fromTOML\n\(margin) |\n"
        for (index, mark) in error.marks.enumerated() {
            if index > 0 { text += "\(margin) | ...\n\(margin) |\n" }
            text += line(ranges[index], mark.hint, width)
        }
        return text + error.suffix
    }

    /// One line with its number; what goes beyond it is not underlined.
    private func line(_ range: Range<Int>, _ hint: String, _ width: Int) -> String {
        let newline = UInt8(ascii: "\n")
        let start = bytes[..<range.lowerBound].lastIndex(of: newline).map { $0 + 1 } ?? 0
        var end = bytes[range.lowerBound...].firstIndex(of: newline) ?? bytes.count
        if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        let number = String(lineNumber(range.lowerBound))
        let pad = String(repeating: " ", count: width - number.count)
        let shown = bytes[start..<max(start, end)].map { Self.shown($0) }.joined()
        let carets = max(1, min(range.count, end - range.lowerBound))
        let before = String(repeating: " ", count: width + 1)
        let indent = String(repeating: " ", count: range.lowerBound - start)
        return " \(pad)\(number) | \(shown)\n\(before) | \(indent)\(String(repeating: "^", count: carets))-- \(hint)\n"
    }

    private func lineNumber(_ place: Int) -> Int {
        bytes[..<place].reduce(1) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
    }

    private static let names: [UInt8: String] = [
        0x00: "NUL", 0x09: "TAB", 0x0B: "VERTICAL TAB", 0x0C: "FORM FEED", 0x0D: "CARRIAGE RETURN", 0x1B: "ESCAPE",
    ]

    /// A byte as toml11 shows it: by number unless it is ASCII that prints.
    private static func shown(_ byte: UInt8) -> String {
        if byte >= 0x20 && byte < 0x7F { return String(Unicode.Scalar(byte)) }
        let digits = String(byte, radix: 16)
        return "0x\(digits.count < 2 ? "0" : "")\(digits)" + (names[byte].map { "(\($0))" } ?? "")
    }
}
