/// The location of a flake: an input, and the directory in it that contains `flake.nix`.
public struct FlakeReference: Sendable, Equatable {
    public var input: FetchInput
    /// The directory relative to the root of the input; empty for the root.
    public var directory: [UInt8]

    public init(input: FetchInput, directory: [UInt8] = []) {
        self.input = input
        self.directory = directory
    }

    /// Creates a reference from attributes, as in `flakeRefToString`.
    public init(_ attributes: [String: InputAttribute]) throws(FetchError) {
        var rest = attributes
        rest["dir"] = nil
        input = try FetchInput(rest)
        guard let directory = attributes["dir"] else {
            self.directory = []
            return
        }
        guard case .text(let text) = directory else {
            throw FetchError(.invalid, "input attribute 'dir' is not a string")
        }
        self.directory = text
    }

    /// Parses a reference: an identifier such as `nixpkgs/REF`, a URL, or an absolute path.
    ///
    /// - Parameters:
    ///   - text: the reference.
    ///   - isFlake: whether the URL of a file is that of an archive.
    ///   - allowsRelative: whether a path may be relative, as in the inputs of a flake.
    /// - Throws: an error if the reference is invalid.
    public init(_ text: [UInt8], isFlake: Bool = true, allowsRelative: Bool = false) throws(FetchError) {
        let (reference, fragment) = try Self.parse(text, isFlake: isFlake, allowsRelative: allowsRelative)
        if !fragment.isEmpty {
            throw FetchError(.invalid, "unexpected fragment '", fragment, "' in flake reference '", text, "'")
        }
        self = reference
    }

    /// The attributes, including `dir`.
    public var attributes: [String: InputAttribute] {
        var result = input.attributes
        if !directory.isEmpty { result["dir"] = .text(directory) }
        return result
    }

    /// The reference as a URL.
    public func text() throws(FetchError) -> [UInt8] {
        var url = try input.url()
        if !directory.isEmpty, url.query["dir"] == nil { url.query["dir"] = directory }
        return url.text
    }

    private static func parse(
        _ text: [UInt8], isFlake: Bool, allowsRelative: Bool
    ) throws(FetchError) -> (FlakeReference, fragment: [UInt8]) {
        if let found = try identifier(text, isFlake: isFlake) { return found }
        do throws(FetchError) {
            return try from(try ParsedURL(text, isLenient: true), isFlake: isFlake)
        } catch {
            if error.kind != .badURL { throw error }
        }
        return try path(text, isFlake: isFlake, allowsRelative: allowsRelative)
    }

    static func from(
        _ url: ParsedURL, isFlake: Bool
    ) throws(FetchError) -> (FlakeReference, fragment: [UInt8]) {
        var rest = url
        rest.fragment = []
        let directory = rest.query.removeValue(forKey: "dir") ?? []
        return (FlakeReference(input: try FetchInput(rest, requiresTree: isFlake), directory: directory), url.fragment)
    }

    /// Parses `ID`, `ID/REF`, `ID/REV` or `ID/REF/REV`, which a fragment may follow; nil for other references.
    static func identifier(
        _ text: [UInt8], isFlake: Bool
    ) throws(FetchError) -> (FlakeReference, fragment: [UInt8])? {
        let hash = text.firstIndex(of: UInt8(ascii: "#"))
        let segments = ParsedURL.segments(of: Array(text[..<(hash ?? text.count)]))
        guard GitNames.isFlakeID(segments[0]) else { return nil }
        let rest = segments.dropFirst().joined(separator: [CanonPath.slash])
        if segments.count > 1, !GitNames.isSimpleReference(Array(rest)) { return nil }
        let url = ParsedURL(scheme: "flake", path: segments)
        let fragment = try hash.map { index throws(FetchError) in try ParsedURL.decode(text[(index + 1)...]) } ?? []
        return (FlakeReference(input: try FetchInput(url, requiresTree: isFlake)), fragment)
    }

    private static func path(
        _ text: [UInt8], isFlake: Bool, allowsRelative: Bool
    ) throws(FetchError) -> (FlakeReference, fragment: [UInt8]) {
        let hash = text.firstIndex(of: UInt8(ascii: "#"))
        let head = text[..<(hash ?? text.count)]
        let mark = head.firstIndex(of: UInt8(ascii: "?"))
        let path = Array(head[..<(mark ?? head.count)])
        if !allowsRelative, path.first != CanonPath.slash {
            throw FetchError(.badURL, "flake reference '", text, "' is not an absolute path")
        }
        let query = try mark.map { index throws(FetchError) in
            try ParsedURL.decodeQuery(head[(index + 1)...], isLenient: true, of: text)
        }
        let fragment = try hash.map { index throws(FetchError) in try ParsedURL.decode(text[(index + 1)...]) }
        return try from(
            ParsedURL(
                scheme: "path", authority: path.first == CanonPath.slash ? [] : nil,
                path: ParsedURL.segments(of: path), query: query ?? [:], fragment: fragment ?? []), isFlake: isFlake)
    }
}
