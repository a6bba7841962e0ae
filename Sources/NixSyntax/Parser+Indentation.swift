/// The indentation rule: the least indentation of the lines of an indented string is taken off each, where escapes and
/// interpolations end a line's indentation, blank lines do not count, and a last line of spaces goes.
extension Parser {
    /// Replaces the pending pieces from `mark` on by those without indentation.
    mutating func stripIndentation(from mark: Int) {
        let least = leastIndentation(from: mark)
        var atLineStart = true
        var dropped = 0
        var kept = mark
        let last = pendingPieces.count &- 1
        for index in mark..<pendingPieces.count {
            var piece = pendingPieces[index]
            var text: [UInt8]
            switch piece.content {
            case .interpolation:
                atLineStart = false
                dropped = 0
                pendingPieces[kept] = piece
                kept &+= 1
                continue
            case .indented:
                text = lexer.bytes.array(Int(piece.span.start), Int(piece.span.end))
            case .text(let id): text = texts[Int(id.rawValue)]
            }
            text = Self.strip(text, least, &atLineStart, &dropped)
            if index == last { Self.dropBlankLastLine(&text) }
            guard !text.isEmpty else { continue }
            piece.content = .text(addText(text))
            pendingPieces[kept] = piece
            kept &+= 1
        }
        pendingPieces.removeLast(pendingPieces.count &- kept)
    }

    private func leastIndentation(from mark: Int) -> Int {
        // Nix's bound; no line is indented deeper.
        var least = 1_000_000
        var current = 0
        var atLineStart = true
        for piece in pendingPieces[mark...] {
            guard case .indented = piece.content else {
                if atLineStart {
                    atLineStart = false
                    least = min(least, current)
                }
                continue
            }
            for offset in Int(piece.span.start)..<Int(piece.span.end) {
                let byte = lexer.bytes[offset]
                if byte == UInt8(ascii: "\n") {
                    atLineStart = true
                    current = 0
                } else if atLineStart {
                    if byte == UInt8(ascii: " ") {
                        current &+= 1
                    } else {
                        atLineStart = false
                        least = min(least, current)
                    }
                }
            }
        }
        return least
    }

    private static func strip(
        _ text: [UInt8], _ least: Int, _ atLineStart: inout Bool, _ dropped: inout Int
    ) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        for byte in text {
            if byte == UInt8(ascii: "\n") {
                // Nix does not restart the count at the end of a line of text: it is 0 then.
                dropped = 0
                atLineStart = true
                result.append(byte)
            } else if atLineStart && byte == UInt8(ascii: " ") {
                if dropped >= least { result.append(byte) }
                dropped &+= 1
            } else {
                if atLineStart { dropped = 0 }
                atLineStart = false
                result.append(byte)
            }
        }
        return result
    }

    private static func dropBlankLastLine(_ text: inout [UInt8]) {
        var end = text.count
        while end > 0 && text[end &- 1] == UInt8(ascii: " ") { end &-= 1 }
        if end > 0 && text[end &- 1] == UInt8(ascii: "\n") { text.removeLast(text.count &- end) }
    }
}
