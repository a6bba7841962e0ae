extension ParsedURL {
    /// The URL that a reference means where it stands in what this URL led to: a redirection (RFC 3986, section 5.2).
    ///
    /// - Throws: a syntax error.
    func resolving(_ reference: [UInt8]) throws(FetchError) -> ParsedURL {
        let slash = UInt8(ascii: "/")
        if let url = try? ParsedURL(reference, isLenient: true) { return url }
        let origin = Array("\(scheme):".utf8)
        if reference.starts(with: [slash, slash]) { return try ParsedURL(origin + reference, isLenient: true) }
        let start = origin + Array("//".utf8) + (authority ?? [])
        if reference.first == slash { return try ParsedURL(start + reference, isLenient: true) }
        var base = self
        base.query = [:]
        base.fragment = []
        if reference.first != UInt8(ascii: "?"), !base.path.isEmpty { base.path.removeLast() }
        if base.path.isEmpty { base.path = [[]] }
        let isQuery = reference.first == UInt8(ascii: "?")
        return try ParsedURL(base.text + (isQuery ? [] : [slash]) + reference, isLenient: true)
    }

    /// The URL without a user's name and password, for messages.
    public var withoutCredentials: ParsedURL {
        guard let authority, let sign = authority.lastIndex(of: UInt8(ascii: "@")) else { return self }
        var copy = self
        copy.authority = Array(authority[(sign + 1)...])
        return copy
    }

    /// Whether another URL is of the same scheme, host and port.
    func hasOrigin(of other: ParsedURL) -> Bool {
        scheme == other.scheme && withoutCredentials.authority == other.withoutCredentials.authority
    }
}
