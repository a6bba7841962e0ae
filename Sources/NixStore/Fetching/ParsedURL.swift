/// A parsed and decoded URL, in the generic syntax of RFC 3986 and as strict as in Nix.
public struct ParsedURL: Sendable, Equatable {
    public var scheme: String
    /// The text between `//` and the path, not decoded; nil without `//`.
    public var authority: [UInt8]?
    /// The segments between slashes. The first one is empty in an absolute path.
    public var path: [[UInt8]]
    public var query: [String: [UInt8]]
    public var fragment: [UInt8]

    public init(
        scheme: String, authority: [UInt8]? = nil, path: [[UInt8]], query: [String: [UInt8]] = [:],
        fragment: [UInt8] = []
    ) {
        self.scheme = scheme
        self.authority = authority
        self.path = path
        self.query = query
        self.fragment = fragment
    }

    /// - Parameters:
    ///   - text: the URL.
    ///   - isLenient: whether spaces and quotes are allowed in query and fragment, and `^` in the fragment, as in flake
    ///     references.
    /// - Throws: a syntax error.
    public init(_ text: [UInt8], isLenient: Bool = false) throws(FetchError) {
        var rest = text[...]
        fragment = []
        query = [:]
        if let hash = rest.firstIndex(of: UInt8(ascii: "#")) {
            let encoded = rest[(hash + 1)...]
            try Self.check(encoded, allowed: isLenient ? "/? \"^" : "/?", of: text)
            fragment = try Self.decode(encoded)
            rest = rest[..<hash]
        }
        if let mark = rest.firstIndex(of: UInt8(ascii: "?")) {
            query = try Self.decodeQuery(rest[(mark + 1)...], isLenient: isLenient, of: text)
            rest = rest[..<mark]
        }
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")), Self.isScheme(rest[..<colon]) else {
            throw FetchError(.badURL, "'", text, "' doesn't have a scheme")
        }
        scheme = String(decoding: rest[..<colon], as: UTF8.self).lowercased()
        rest = rest[(colon + 1)...]
        authority = Self.takeAuthority(&rest)
        path = []
        try Self.check(rest, allowed: "/", of: text)
        if scheme == "file" || scheme.hasSuffix("+file") {
            if let authority, !authority.isEmpty {
                throw FetchError(.badURL, "file:// URL '", text, "' has unexpected authority '", authority, "'")
            }
            if rest.isEmpty { rest = [CanonPath.slash] }
        }
        for segment in rest.split(separator: CanonPath.slash, omittingEmptySubsequences: false) {
            path.append(try Self.decode(segment))
        }
    }

    /// Removes the authority from the start of what follows the scheme.
    private static func takeAuthority(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        guard rest.starts(with: Array("//".utf8)) else { return nil }
        rest = rest.dropFirst(2)
        let end = rest.firstIndex(of: CanonPath.slash) ?? rest.endIndex
        defer { rest = rest[end...] }
        return Array(rest[..<end])
    }

    /// The part of the scheme after `+`: `https` in `tarball+https`. Without `+`, it is the whole scheme.
    public var transport: String { scheme.split(separator: "+", maxSplits: 1).last.map(String.init) ?? scheme }

    /// The part of the scheme before `+`; nil without `+`.
    public var application: String? {
        let parts = scheme.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 ? String(parts[0]) : nil
    }

    /// The path as a file path.
    public func filePath() throws(FetchError) -> [UInt8] {
        for segment in path where segment.contains(CanonPath.slash) || segment.contains(0) {
            throw FetchError(.badURL, "URL path component '", segment, "' is not allowed in file names")
        }
        return Array(path.joined(separator: [CanonPath.slash]))
    }

    /// The segments of a file path.
    public static func segments(of path: [UInt8]) -> [[UInt8]] {
        path.split(separator: CanonPath.slash, omittingEmptySubsequences: false).map(Array.init)
    }

    /// The URL as encoded text.
    public var text: [UInt8] {
        var result = Array("\(scheme):".utf8)
        if let authority { result += Array("//".utf8) + authority }
        result += path.map { Self.encode($0, keeping: ":@") }.joined(separator: [CanonPath.slash])
        if !query.isEmpty {
            result.append(UInt8(ascii: "?"))
            let pairs = query.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { name, value in
                Self.encode(Array(name.utf8), keeping: ":@/?") + [UInt8(ascii: "=")]
                    + Self.encode(value, keeping: ":@/?")
            }
            result += pairs.joined(separator: [UInt8(ascii: "&")])
        }
        if !fragment.isEmpty { result += [UInt8(ascii: "#")] + Self.encode(fragment, keeping: "") }
        return result
    }
}

extension ParsedURL {
    private static func isScheme(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first, isLetter(first) else { return false }
        return text.allSatisfy { isLetter($0) || isDigit($0) || "+-.".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || "-._~".utf8.contains(byte)
    }

    /// Checks that a part only contains characters that are allowed there.
    private static func check(
        _ part: ArraySlice<UInt8>, allowed: String, of text: [UInt8]
    ) throws(FetchError) {
        let others = "!$&'()*+,;=:@%" + allowed
        guard part.allSatisfy({ isUnreserved($0) || others.utf8.contains($0) }) else {
            throw FetchError(.badURL, "'", text, "' is not a valid URL: leftover")
        }
    }

    /// Decodes percent-encoding.
    static func decode(_ text: ArraySlice<UInt8>) throws(FetchError) -> [UInt8] {
        guard text.contains(UInt8(ascii: "%")) else { return Array(text) }
        var result: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            guard text[index] == UInt8(ascii: "%") else {
                result.append(text[index])
                index += 1
                continue
            }
            let digits = text[(index + 1)...].prefix(2)
            guard digits.count == 2,
                digits.allSatisfy({ isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0 | 0x20) }),
                let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else {
                throw FetchError(.badURL, "invalid URI parameter '", Array(text), "': bad pct-encoding digit")
            }
            result.append(byte)
            index += 3
        }
        return result
    }

    /// Decodes a query. Parameters without a value are ignored; of several with the same name, the first is used.
    static func decodeQuery(
        _ text: ArraySlice<UInt8>, isLenient: Bool, of url: [UInt8]
    ) throws(FetchError) -> [String: [UInt8]] {
        try check(text, allowed: isLenient ? "/? \"" : "/?", of: url)
        var result: [String: [UInt8]] = [:]
        for pair in text.split(separator: UInt8(ascii: "&")) {
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = String(decoding: try decode(pair[..<equals]), as: UTF8.self)
            if result[name] == nil { result[name] = try decode(pair[(equals + 1)...]) }
        }
        return result
    }

    static func encode(_ text: [UInt8], keeping allowed: String) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return text.flatMap { byte in
            isUnreserved(byte) || allowed.utf8.contains(byte)
                ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
}
