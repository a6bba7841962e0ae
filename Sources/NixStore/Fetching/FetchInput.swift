import MessageText

/// The value of an input attribute.
public enum InputAttribute: Sendable, Equatable {
    case text([UInt8])
    case number(UInt64)
    case flag(Bool)

    /// The length of a text in bytes; 0 for other values.
    public var byteCount: Int {
        guard case .text(let text) = self else { return 0 }
        return text.count
    }

    /// The value in the query of a URL.
    var text: [UInt8] {
        switch self {
        case .text(let text): text
        case .number(let number): Array(String(number).utf8)
        case .flag(let flag): Array((flag ? "1" : "0").utf8)
        }
    }
}

/// An input of `fetchTree` or a flake reference: attributes, of which `type` determines which others are allowed.
public struct FetchInput: Sendable, Equatable {
    public var attributes: [String: InputAttribute]

    /// Creates an input from attributes.
    ///
    /// - Throws: an error if an attribute is missing, unknown or of the wrong type.
    public init(_ attributes: [String: InputAttribute]) throws(FetchError) {
        self.attributes = attributes
        let type = try requiredText("type")
        if let scheme = InputScheme(rawValue: type) { try scheme.check(self) }
        for name in ["ref", "rev", "narHash"] { _ = try text(name) }
        for name in ["revCount", "lastModified"] { _ = try number(name) }
    }

    /// Creates an input from a URL.
    ///
    /// - Parameters:
    ///   - url: the URL.
    ///   - requiresTree: whether the URL of a file is that of an archive.
    /// - Throws: an error if the URL is not supported.
    public init(_ url: ParsedURL, requiresTree: Bool = true) throws(FetchError) {
        for scheme in InputScheme.allCases {
            guard let found = try scheme.attributes(url, requiresTree: requiresTree) else { continue }
            try self.init(found)
            return
        }
        if url.application == "file", url.transport == "git" {
            throw FetchError(
                .invalid, "input '", url.text, "' is unsupported; did you mean 'git+file' instead of 'file+git'?")
        }
        throw FetchError(.invalid, "input '", url.text, "' is unsupported")
    }

    /// The scheme of the type; nil if it is unknown.
    public var scheme: InputScheme? { (try? requiredText("type")).flatMap { InputScheme(rawValue: $0) } }

    /// The value of a string attribute; nil if it is absent.
    public func text(_ name: String) throws(FetchError) -> [UInt8]? {
        guard let attribute = attributes[name] else { return nil }
        guard case .text(let text) = attribute else {
            throw FetchError(.invalid, "input attribute '\(name)' is not a string \(described)")
        }
        return text
    }

    func requiredText(_ name: String) throws(FetchError) -> String {
        String(decoding: try requiredBytes(name), as: UTF8.self)
    }

    func requiredBytes(_ name: String) throws(FetchError) -> [UInt8] {
        guard let text = try text(name) else { throw FetchError(.invalid, "input attribute '\(name)' is missing") }
        return text
    }

    /// The value of an integer attribute; nil if it is absent.
    public func number(_ name: String) throws(FetchError) -> UInt64? {
        guard let attribute = attributes[name] else { return nil }
        guard case .number(let number) = attribute else {
            throw FetchError(.invalid, "input attribute '\(name)' is not an integer")
        }
        return number
    }

    /// The value of a boolean attribute; false if it is absent.
    public func flag(_ name: String) throws(FetchError) -> Bool {
        guard let attribute = attributes[name] else { return false }
        guard case .flag(let flag) = attribute else {
            throw FetchError(.invalid, "input attribute '\(name)' is not a Boolean")
        }
        return flag
    }

    /// The SHA-256 that the tree's NAR must have; nil if none is given.
    public func narHash() throws(FetchError) -> Hash? {
        guard let text = try text("narHash") else { return nil }
        if text.isEmpty { return Hash.zero(.sha256) }
        let hash: Hash
        do throws(HashError) {
            hash = try Hash(parsing: text, nil)
        } catch {
            throw FetchError(.invalid, error.message)
        }
        guard hash.algorithm == .sha256 else { throw FetchError(.invalid, "narHash must use SHA-256") }
        return hash
    }

    /// The requested commit in base 16; nil if none is given.
    public func revision() throws(FetchError) -> [UInt8]? {
        guard let text = try text("rev") else { return nil }
        return try InputScheme.revision(text)
    }

    /// Whether the input identifies its contents, so that fetching it always gives the same tree.
    public var isLocked: Bool {
        switch scheme {
        case .git, .mercurial:
            attributes["rev"].map { !$0.text.allSatisfy { $0 == UInt8(ascii: "0") } } ?? false
        case .path, .file, .tarball: attributes["narHash"] != nil
        case .github, .gitlab, .sourcehut: attributes["rev"] != nil
        case .indirect, nil: false
        }
    }

    /// Whether the input is on another machine.
    public var isRemote: Bool {
        switch scheme {
        case .github, .gitlab, .sourcehut: return true
        case .path, .indirect, nil: return false
        case .git, .mercurial, .file, .tarball:
            guard case .text(let url) = attributes["url"] else { return false }
            return Self.isRemote(url: url)
        }
    }

    /// Whether a URL or absolute path leads to another machine.
    public static func isRemote(url: [UInt8]) -> Bool {
        if url.first == CanonPath.slash { return false }
        guard let parsed = try? GitNames.url(url) else { return true }
        return parsed.transport != "file"
    }

    /// An equivalent URL.
    public func url() throws(FetchError) -> ParsedURL {
        guard let scheme else { throw FetchError(.invalid, "cannot show unsupported input '\(described)'") }
        return try scheme.url(self)
    }

    /// The URL by which a restricted evaluation is allowed to fetch the input. It may be an absolute path.
    public func restrictedURL() throws(FetchError) -> [UInt8] {
        switch scheme {
        case .file, .tarball: try requiredBytes("url")
        default: try url().text
        }
    }

    /// The attributes as JSON, for messages.
    var described: String {
        let pairs = attributes.sorted { $0.key < $1.key }.map { name, value in
            switch value {
            case .text(let text): "\"\(MessageText.shortened(name))\":\"\(MessageText.shortened(text))\""
            case .number(let number): "\"\(MessageText.shortened(name))\":\(number)"
            case .flag(let flag): "\"\(MessageText.shortened(name))\":\(flag)"
            }
        }
        return "{\(pairs.joined(separator: ","))}"
    }
}
