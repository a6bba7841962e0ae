/// Paths, search paths and URLs.
///
/// A path is a run of path bytes, a slash, and more. Any word may therefore begin a path, and the lexer has to find the
/// end of the run of path bytes. It caches the last run: the words of `a.b.c.d` share one, and lexing them would
/// otherwise take quadratic time.
extension Lexer {
    /// Lexes the path or URL at `offset`; nil if the bytes there begin neither.
    mutating func pathOrURIToken() -> TokenKind? {
        let end = pathRunEnd()
        switch bytes[end] {
        case UInt8(ascii: "/"): return slashAfterRun(end)
        case UInt8(ascii: ":"):
            guard bytes[end &+ 1].isURIByte, pathRun.lastUnderscore < offset, byte(0).isLetter else { return nil }
            var index = end &+ 1
            while bytes[index].isURIByte { index &+= 1 }
            return consume(index &- offset, .uri)
        default: return nil
        }
    }

    /// The offset behind the run of path bytes that contains `offset`.
    private mutating func pathRunEnd() -> Int {
        if offset >= pathRun.start && offset < pathRun.end { return pathRun.end }
        var index = offset
        var lastUnderscore = -1
        while classes.isPath(bytes[index]) {
            if bytes[index] == UInt8(ascii: "_") { lastUnderscore = index }
            index &+= 1
        }
        pathRun = (offset, index, lastUnderscore)
        return index
    }

    /// Lexes the path that starts at `offset` and has its first slash at `slash`; nil if it is no path.
    private mutating func slashAfterRun(_ slash: Int) -> TokenKind? {
        if bytes[slash &+ 1].isPathByte { return consumePath(.path, slash: slash) }
        guard bytes[slash &+ 1] == UInt8(ascii: "$"), bytes[slash &+ 2] == UInt8(ascii: "{") else { return nil }
        enter(.pathAfterSlash)
        return consume(slash &+ 1 &- offset, .path)
    }

    private mutating func consumePath(_ kind: TokenKind, slash: Int) -> TokenKind {
        let end = endOfComponents(slash)
        enter(bytes[end &- 1] == UInt8(ascii: "/") ? .pathAfterSlash : .path)
        return consume(end &- offset, kind)
    }

    /// The offset behind `/a/b/c` or `/a/b/c/`, whose first slash is at `slash` and is followed by a path byte.
    private func endOfComponents(_ slash: Int) -> Int {
        var index = slash
        while bytes[index] == UInt8(ascii: "/") && bytes[index &+ 1].isPathByte {
            index &+= 1
            while classes.isPath(bytes[index]) { index &+= 1 }
        }
        return bytes[index] == UInt8(ascii: "/") ? index &+ 1 : index
    }

    /// Lexes a token that starts with a slash and is not a comment.
    mutating func slashToken() -> TokenKind {
        if byte(1) == UInt8(ascii: "/") { return consume(2, .update) }
        return slashAfterRun(offset) ?? consume(1, .slash)
    }

    mutating func tildeToken() -> TokenKind {
        guard byte(1) == UInt8(ascii: "/") else { return consume(1, .invalid) }
        if byte(2).isPathByte { return consumePath(.homePath, slash: offset &+ 1) }
        guard byte(2) == UInt8(ascii: "$"), byte(3) == UInt8(ascii: "{") else { return consume(1, .invalid) }
        enter(.pathAfterSlash)
        return consume(2, .homePath)
    }

    /// The length in bytes of the search path `<a/b>` at `offset`; nil if there is none.
    func searchPathLength() -> Int? {
        var index = offset &+ 1
        while bytes[index].isPathByte {
            while classes.isPath(bytes[index]) { index &+= 1 }
            if bytes[index] == UInt8(ascii: ">") { return index &+ 1 &- offset }
            guard bytes[index] == UInt8(ascii: "/") else { return nil }
            index &+= 1
        }
        return nil
    }

    /// Lexes the next piece of a path literal.
    mutating func pathToken() throws(ParseFailure) -> TokenKind {
        if byte(0) == UInt8(ascii: "$") && byte(1) == UInt8(ascii: "{") {
            mode = .path
            enter(.normal)
            return consume(2, .dollarBrace)
        }
        var end = offset
        while classes.isPath(bytes[end]) { end &+= 1 }
        if bytes[end] == UInt8(ascii: "/") {
            end = bytes[end &+ 1].isPathByte ? endOfComponents(end) : end &+ 1
        }
        if end > offset {
            mode = bytes[end &- 1] == UInt8(ascii: "/") ? .pathAfterSlash : .path
            return consume(end &- offset, .stringText)
        }
        return try endOfPath()
    }

    private mutating func endOfPath() throws(ParseFailure) -> TokenKind {
        if mode == .pathAfterSlash {
            // At the end of the source, Nix reports the position of the previous token.
            if offset < bytes.count { _ = consume(1, .invalid) }
            throw ParseFailure(.invalidPath, "path has a trailing slash", at: span)
        }
        leave()
        return .pathEnd
    }
}
