/// Paths, search paths and URLs.
///
/// A path is a run of path bytes, a slash, and more; so every word is measured for being the start of one. The run is
/// remembered: the words of `a.b.c.d` share it, and each would otherwise measure it again.
extension Lexer {
    /// The path or URL at `offset`, if the bytes there are the start of one.
    mutating func pathOrURIToken() -> TokenKind? {
        let end = pathRunEnd()
        switch bytes[end] {
        case UInt8(ascii: "/"): return slashAfterRun(end)
        case UInt8(ascii: ":"):
            guard bytes[end &+ 1].isURIByte, run.lastUnderscore < offset, byte(0).isLetter else { return nil }
            var index = end &+ 1
            while bytes[index].isURIByte { index &+= 1 }
            return take(index &- offset, .uri)
        default: return nil
        }
    }

    /// Where the path bytes that start at `offset` end.
    private mutating func pathRunEnd() -> Int {
        if offset >= run.start && offset < run.end { return run.end }
        var index = offset
        var lastUnderscore = -1
        while classes.isPath(bytes[index]) {
            if bytes[index] == UInt8(ascii: "_") { lastUnderscore = index }
            index &+= 1
        }
        run = (offset, index, lastUnderscore)
        return index
    }

    /// The path that starts at `offset` and has its first slash at `slash`.
    private mutating func slashAfterRun(_ slash: Int) -> TokenKind? {
        if bytes[slash &+ 1].isPathByte { return takePath(.path, slash: slash) }
        guard bytes[slash &+ 1] == UInt8(ascii: "$"), bytes[slash &+ 2] == UInt8(ascii: "{") else { return nil }
        enter(.pathAfterSlash)
        return take(slash &+ 1 &- offset, .path)
    }

    private mutating func takePath(_ kind: TokenKind, slash: Int) -> TokenKind {
        let end = endOfComponents(slash)
        enter(bytes[end &- 1] == UInt8(ascii: "/") ? .pathAfterSlash : .path)
        return take(end &- offset, kind)
    }

    /// The end of `/a/b/c` or `/a/b/c/`, whose first slash is at `slash` and followed by a path byte.
    private func endOfComponents(_ slash: Int) -> Int {
        var index = slash
        while bytes[index] == UInt8(ascii: "/") && bytes[index &+ 1].isPathByte {
            index &+= 1
            while classes.isPath(bytes[index]) { index &+= 1 }
        }
        return bytes[index] == UInt8(ascii: "/") ? index &+ 1 : index
    }

    /// A token that starts with a slash and is no comment.
    mutating func slashToken() -> TokenKind {
        if byte(1) == UInt8(ascii: "/") { return take(2, .update) }
        return slashAfterRun(offset) ?? take(1, .slash)
    }

    mutating func tildeToken() -> TokenKind {
        guard byte(1) == UInt8(ascii: "/") else { return take(1, .invalid) }
        if byte(2).isPathByte { return takePath(.homePath, slash: offset &+ 1) }
        guard byte(2) == UInt8(ascii: "$"), byte(3) == UInt8(ascii: "{") else { return take(1, .invalid) }
        enter(.pathAfterSlash)
        return take(2, .homePath)
    }

    /// The length of `<a/b>` at `offset`, nil if it is none.
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

    /// The next piece of a path that has begun.
    mutating func pathToken() throws(Failure) -> TokenKind {
        if byte(0) == UInt8(ascii: "$") && byte(1) == UInt8(ascii: "{") {
            mode = .path
            enter(.normal)
            return take(2, .dollarBrace)
        }
        var end = offset
        while classes.isPath(bytes[end]) { end &+= 1 }
        if bytes[end] == UInt8(ascii: "/") {
            end = bytes[end &+ 1].isPathByte ? endOfComponents(end) : end &+ 1
        }
        if end > offset {
            mode = bytes[end &- 1] == UInt8(ascii: "/") ? .pathAfterSlash : .path
            return take(end &- offset, .stringText)
        }
        return try endOfPath()
    }

    private mutating func endOfPath() throws(Failure) -> TokenKind {
        if mode == .pathAfterSlash {
            // At the end of the source Nix still stands at the previous token.
            if offset < bytes.count { _ = take(1, .invalid) }
            throw Failure(.invalidPath, "path has a trailing slash", at: span)
        }
        leave()
        return .pathEnd
    }
}
