/// Git's naming rules, and its notations for URLs.
enum GitNames {
    /// Whether a text is a commit hash: forty hexadecimal digits.
    static func isRevision(_ text: [UInt8]) -> Bool { text.count == 40 && text.allSatisfy { isHexDigit($0) } }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    static func isHostByte(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) || "-.".utf8.contains(byte) }

    /// Whether a text is a valid name of a flake in a registry.
    static func isFlakeID(_ text: some Collection<UInt8>) -> Bool {
        guard let first = text.first, isLetter(first) else { return false }
        return text.allSatisfy { isLetter($0) || isDigit($0) || "_-".utf8.contains($0) }
    }

    /// Whether a text is a reference that the short form of a flake reference allows.
    static func isSimpleReference(_ text: some Collection<UInt8>) -> Bool {
        guard let first = text.first, isLetter(first) || isDigit(first) || first == UInt8(ascii: "@") else {
            return false
        }
        return text.allSatisfy { isLetter($0) || isDigit($0) || "_./@+-".utf8.contains($0) }
    }

    /// Whether a branch or tag may have a name (`git check-ref-format`).
    static func isReference(_ name: [UInt8]) -> Bool {
        if name.isEmpty || name == Array("@".utf8) || name.first == UInt8(ascii: "-") { return false }
        if name.last == UInt8(ascii: ".") || name.first == CanonPath.slash || name.last == CanonPath.slash {
            return false
        }
        // Git keeps a reference in a file of its name.
        if name.count > CanonPath.maximumLength { return false }
        if ["..", "@{", "//"].contains(where: { contains(name, $0) }) { return false }
        if name.contains(where: { $0 < 0x21 || $0 == 0x7F || "~^:?*[\\".utf8.contains($0) }) { return false }
        return CanonPath.components(name).allSatisfy {
            $0.first != UInt8(ascii: ".") && !$0.suffix(5).elementsEqual(".lock".utf8)
        }
    }

    /// The URL of a repository, which is given as a path, as `host:path` like for `scp`, or as a URL with or without
    /// `git+`.
    static func url(_ text: [UInt8]) throws(FetchError) -> ParsedURL {
        if text.first == CanonPath.slash {
            return ParsedURL(scheme: "file", authority: [], path: ParsedURL.segments(of: text))
        }
        if let url = try secureShellURL(text) { return url }
        var url = try ParsedURL(text)
        if url.application == "git" { url.scheme = url.transport }
        return url
    }

    /// Whether a text contains a word. `String.contains` takes a hundred times as long for long texts.
    private static func contains(_ text: [UInt8], _ word: String) -> Bool {
        let wanted = Array(word.utf8)
        return text.indices.contains { text[$0] == wanted[0] && text[$0...].starts(with: wanted) }
    }

    private static let schemes = ["ssh", "http", "https", "file", "ftp", "ftps", "git"]

    private static func secureShellURL(_ text: [UInt8]) throws(FetchError) -> ParsedURL? {
        if contains(text, "://") { return nil }
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), !text[..<colon].contains(CanonPath.slash) else {
            return nil
        }
        let host = String(decoding: text[..<colon], as: UTF8.self)
        if schemes.contains(where: { host == $0 || host == "git+\($0)" }) { return nil }
        var path = ParsedURL.segments(of: Array(text[(colon + 1)...]))
        if path == [[]] {
            throw FetchError(.badURL, "SCP-style Git URL '", text, "' has an empty path")
        }
        if path.first?.isEmpty == false { path.insert([], at: 0) }
        return ParsedURL(scheme: "ssh", authority: Array(text[..<colon]), path: path)
    }
}
