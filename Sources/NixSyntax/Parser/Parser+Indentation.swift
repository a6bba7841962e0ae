/// The indentation rule: the least indentation of the lines of an indented string is taken off each, where escapes and
/// interpolations end a line's indentation, blank lines do not count, and a last line of spaces goes.
extension Parser {
    /// Replaces the pending pieces from `mark` on by those without indentation.
    mutating func stripIndentation(from mark: Int) throws(Failure) {
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
            let first = texts.own.count
            try strip(piece, least, &atLineStart, &dropped)
            if index == last { dropBlankLastLine(from: first) }
            guard texts.own.count > first else { continue }
            texts.appendOwn(from: first)
            piece.content = .text(lastText)
            pendingPieces[kept] = piece
            kept &+= 1
        }
        pendingPieces.shorten(to: kept)
    }

    private mutating func leastIndentation(from mark: Int) throws(Failure) -> Int {
        // Nix's bound; no line is indented deeper.
        var least = 1_000_000
        var current = 0
        var atLineStart = true
        for index in mark..<pendingPieces.count {
            let piece = pendingPieces[index]
            try work(1)
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
                try work(1)
                if atLineStart {
                    let first = endOfSpaces(offset, end)
                    current &+= first &- offset
                    offset = first
                    guard offset < end else { break }
                    if lexer.bytes[offset] != UInt8(ascii: "\n") { least = min(least, current) }
                }
                // The rest of the line; the end of a piece that has no line end is no start of a line.
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

    /// Pushes the text of a piece without indentation.
    private mutating func strip(
        _ piece: StringPiece, _ least: Int, _ atLineStart: inout Bool, _ dropped: inout Int
    ) throws(Failure) {
        try work(1)
        if case .text(let text) = piece.content {
            for byte in bytes(of: text) { strip(byte, least, &atLineStart, &dropped) }
            return
        }
        var offset = Int(piece.span.start)
        let end = Int(piece.span.end)
        while offset < end {
            try work(1)
            if atLineStart {
                let first = endOfSpaces(offset, end)
                let spaces = dropped &+ first &- offset
                for _ in max(least, dropped)..<max(least, dropped, spaces) { texts.push(UInt8(ascii: " ")) }
                dropped = spaces
                offset = first
                guard offset < end else { return }
            }
            let newline = lexer.bytes.find(UInt8(ascii: "\n"), from: offset, to: end)
            // Nix does not restart the count at the end of a line of text: it is 0 then.
            if atLineStart || newline < end { dropped = 0 }
            atLineStart = newline < end
            let rest = min(newline &+ 1, end)
            unsafe lexer.bytes.withBytes(offset, rest) { unsafe texts.push($0) }
            offset = rest
        }
    }

    /// Pushes one byte.
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
        var end = texts.own.count
        while end > first && texts.own[end &- 1] == UInt8(ascii: " ") { end &-= 1 }
        if end > first && texts.own[end &- 1] == UInt8(ascii: "\n") { texts.dropOwn(to: end) }
    }
}
