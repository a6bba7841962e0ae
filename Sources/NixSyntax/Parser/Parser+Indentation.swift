/// The indentation rule of indented strings. The smallest indentation of any line is removed from every line. Escapes
/// and interpolations end a line's indentation, blank lines do not count, and a last line of spaces is dropped.
extension Parser {
    /// Removes the indentation from the pending pieces from `mark` on.
    mutating func stripIndentation(from mark: Int) throws(ParseFailure) {
        let least = try leastIndentation(from: mark)
        var atLineStart = true
        var dropped = 0
        var kept = mark
        let last = pendingPieces.count &- 1
        for index in mark..<pendingPieces.count {
            var piece = pendingPieces[index]
            if case .interpolation = piece.content {
                atLineStart = false
                dropped = 0
                pendingPieces[kept] = piece
                kept &+= 1
                continue
            }
            let first = texts.storage.count
            try strip(piece, least, &atLineStart, &dropped)
            if index == last { dropBlankLastLine(from: first) }
            guard texts.storage.count > first else { continue }
            texts.commit(from: first)
            piece.content = .text(lastText)
            pendingPieces[kept] = piece
            kept &+= 1
        }
        pendingPieces.shorten(to: kept)
    }

    private mutating func leastIndentation(from mark: Int) throws(ParseFailure) -> Int {
        // Nix's bound: deeper indentation is not removed.
        var least = 1_000_000
        var current = 0
        var atLineStart = true
        for index in mark..<pendingPieces.count {
            let piece = pendingPieces[index]
            try charge(1)
            guard case .indented = piece.content else {
                if atLineStart {
                    atLineStart = false
                    least = min(least, current)
                }
                continue
            }
            var offset = Int(piece.span.start)
            let end = Int(piece.span.end)
            while offset < end {
                try charge(1)
                if atLineStart {
                    let first = endOfSpaces(offset, end)
                    current &+= first &- offset
                    offset = first
                    guard offset < end else { break }
                    if lexer.bytes[offset] != UInt8(ascii: "\n") { least = min(least, current) }
                }
                // Skips the rest of the line. A piece that ends within a line does not begin a new one.
                offset = lexer.bytes.find(UInt8(ascii: "\n"), from: offset, to: end) &+ 1
                atLineStart = offset <= end
                current = 0
            }
        }
        return least
    }

    private func endOfSpaces(_ start: Int, _ end: Int) -> Int {
        var offset = start
        while offset < end && lexer.bytes[offset] == UInt8(ascii: " ") { offset &+= 1 }
        return offset
    }

    /// Pushes the text of a piece without its indentation.
    private mutating func strip(
        _ piece: StringPiece, _ least: Int, _ atLineStart: inout Bool, _ dropped: inout Int
    ) throws(ParseFailure) {
        try charge(1)
        if case .text(let text) = piece.content {
            for byte in bytes(of: text) { strip(byte, least, &atLineStart, &dropped) }
            return
        }
        var offset = Int(piece.span.start)
        let end = Int(piece.span.end)
        while offset < end {
            try charge(1)
            if atLineStart {
                let first = endOfSpaces(offset, end)
                let spaces = dropped &+ first &- offset
                for _ in max(least, dropped)..<max(least, dropped, spaces) { texts.push(UInt8(ascii: " ")) }
                dropped = spaces
                offset = first
                guard offset < end else { return }
            }
            let newline = lexer.bytes.find(UInt8(ascii: "\n"), from: offset, to: end)
            // Nix does not reset this count after a line with text, where it is already 0.
            if atLineStart || newline < end { dropped = 0 }
            atLineStart = newline < end
            let rest = min(newline &+ 1, end)
            unsafe lexer.bytes.withBytes(offset, rest) { unsafe texts.push($0) }
            offset = rest
        }
    }

    /// Pushes one byte unless it is indentation.
    private mutating func strip(_ byte: UInt8, _ least: Int, _ atLineStart: inout Bool, _ dropped: inout Int) {
        if byte == UInt8(ascii: "\n") {
            dropped = 0
            atLineStart = true
            texts.push(byte)
        } else if atLineStart && byte == UInt8(ascii: " ") {
            if dropped >= least { texts.push(byte) }
            dropped &+= 1
        } else {
            if atLineStart { dropped = 0 }
            atLineStart = false
            texts.push(byte)
        }
    }

    private mutating func dropBlankLastLine(from first: Int) {
        var end = texts.storage.count
        while end > first && texts.storage[end &- 1] == UInt8(ascii: " ") { end &-= 1 }
        if end > first && texts.storage[end &- 1] == UInt8(ascii: "\n") { texts.truncate(to: end) }
    }
}
