import MessageText

/// The types of inputs.
public enum InputScheme: String, CaseIterable, Sendable {
    case file, git, github, gitlab
    case mercurial = "hg"
    case indirect, path, sourcehut, tarball

    /// The attributes that an input of this type may have, besides `type`.
    private var allowed: Set<String> {
        switch self {
        case .file, .tarball: ["url", "narHash", "name", "unpack", "rev", "revCount", "lastModified"]
        case .git:
            [
                "url", "ref", "rev", "shallow", "submodules", "lfs", "exportIgnore", "lastModified", "revCount",
                "narHash", "allRefs", "name", "dirtyRev", "dirtyShortRev", "verifyCommit", "keytype", "publicKey",
                "publicKeys",
            ]
        case .github, .gitlab, .sourcehut:
            ["owner", "repo", "ref", "rev", "narHash", "lastModified", "host", "treeHash"]
        case .mercurial: ["url", "ref", "rev", "revCount", "narHash", "name"]
        case .indirect: ["id", "ref", "rev", "narHash"]
        case .path: ["path", "rev", "revCount", "lastModified", "narHash"]
        }
    }

    /// Checks the attributes of an input of this type.
    ///
    /// - Throws: an error if one is missing, unknown or invalid.
    func check(_ input: FetchInput) throws(FetchError) {
        for name in input.attributes.keys.sorted() where name != "type" && name != "__final" && !allowed.contains(name)
        {
            throw FetchError(
                .invalid, "input attribute '\(MessageText.shortened(name))' not supported by scheme '\(rawValue)'")
        }
        switch self {
        case .path: _ = try input.requiredText("path")
        case .file, .tarball: break
        case .git:
            for name in ["verifyCommit", "shallow", "submodules", "allRefs"] { _ = try input.flag(name) }
            if let ref = try input.text("ref"), !GitNames.isReference(ref) {
                throw FetchError(.badURL, "invalid Git branch/tag name '", ref, "'")
            }
            _ = try GitNames.url(try input.requiredBytes("url"))
        case .mercurial:
            _ = try ParsedURL(try input.requiredBytes("url"))
            if let ref = try input.text("ref"), !GitNames.isSimpleReference(ref) {
                throw FetchError(.badURL, "invalid Mercurial branch/tag name '", ref, "'")
            }
        case .github, .gitlab, .sourcehut: try checkForge(input)
        case .indirect:
            let id = try input.requiredBytes("id")
            guard GitNames.isFlakeID(id) else { throw FetchError(.badURL, "'", id, "' is not a valid flake ID") }
        }
    }

    private func checkForge(_ input: FetchInput) throws(FetchError) {
        _ = try input.requiredText("owner")
        _ = try input.requiredText("repo")
        let ref = try input.text("ref")
        if let ref, let rev = try input.text("rev") {
            throw FetchError(
                .badURL, "input \(input.described) contains both a commit hash ('", rev, "') and a branch/tag name ('",
                ref, "')")
        }
        _ = try input.revision()
        if let ref, !GitNames.isReference(ref) {
            throw FetchError(.badURL, "input \(input.described) contains an invalid branch/tag name")
        }
        if let host = try input.text("host"), !host.allSatisfy({ GitNames.isHostByte($0) }) {
            throw FetchError(.badURL, "input \(input.described) contains an invalid instance host")
        }
    }

    /// Converts a commit hash in any notation to base 16.
    static func revision(_ text: [UInt8]) throws(FetchError) -> [UInt8] {
        do throws(HashError) {
            return try Hash(
                parsing: text,
                text.contains(UInt8(ascii: ":")) || text.contains(UInt8(ascii: "-"))
                    ? nil : text.count == 64 ? .sha256 : .sha1
            )
            .text(.base16)
        } catch {
            throw FetchError(.invalid, error.message)
        }
    }

    private static let archiveSuffixes = [".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst"]

    /// The attributes of a URL of this type; nil if it is of another type.
    func attributes(_ url: ParsedURL, requiresTree: Bool) throws(FetchError) -> [String: InputAttribute]? {
        switch self {
        case .path: try pathAttributes(url)
        case .indirect: try indirectAttributes(url)
        case .github, .gitlab, .sourcehut: try forgeAttributes(url)
        case .git: gitAttributes(url)
        case .mercurial: mercurialAttributes(url)
        case .file, .tarball: downloadAttributes(url, requiresTree: requiresTree)
        }
    }

    private func pathAttributes(_ url: ParsedURL) throws(FetchError) -> [String: InputAttribute]? {
        guard url.scheme == "path" else { return nil }
        if let authority = url.authority, !authority.isEmpty {
            throw FetchError(
                .invalid, "path URL '", url.text, "' should not have an authority ('", authority, "')")
        }
        var result: [String: InputAttribute] = ["type": .text(Array("path".utf8)), "path": .text(try url.filePath())]
        for (name, value) in url.query {
            switch name {
            case "rev", "narHash": result[name] = .text(value)
            case "revCount", "lastModified":
                guard let number = Self.number(value) else {
                    throw FetchError(
                        .invalid, "path URL '", url.text, "' has invalid parameter '\(MessageText.shortened(name))'")
                }
                result[name] = .number(number)
            default:
                throw FetchError(
                    .invalid, "path URL '", url.text, "' has unsupported parameter '\(MessageText.shortened(name))'")
            }
        }
        return result
    }

    private static func number(_ text: [UInt8]) -> UInt64? { UInt64(String(decoding: text, as: UTF8.self)) }

    private func indirectAttributes(_ url: ParsedURL) throws(FetchError) -> [String: InputAttribute]? {
        guard url.scheme == "flake" else { return nil }
        let path = url.path.filter { !$0.isEmpty }
        var result: [String: InputAttribute] = ["type": .text(Array("indirect".utf8))]
        switch path.count {
        case 1: break
        case 2:
            guard GitNames.isRevision(path[1]) || GitNames.isReference(path[1]) else {
                throw FetchError(
                    .badURL, "in flake URL '", url.text, "', '", path[1], "' is not a commit hash or branch/tag name")
            }
            result[GitNames.isRevision(path[1]) ? "rev" : "ref"] = .text(path[1])
        case 3:
            guard GitNames.isReference(path[1]) else {
                throw FetchError(.badURL, "in flake URL '", url.text, "', '", path[1], "' is not a branch/tag name")
            }
            guard GitNames.isRevision(path[2]) else {
                throw FetchError(.badURL, "in flake URL '", url.text, "', '", path[2], "' is not a commit hash")
            }
            result["ref"] = .text(path[1])
            result["rev"] = .text(path[2])
        default: throw FetchError(.badURL, "GitHub URL '", url.text, "' is invalid")
        }
        result["id"] = .text(path[0])
        if case .text(let rev) = result["rev"] { result["rev"] = .text(try Self.revision(rev)) }
        return result
    }

    private func forgeAttributes(_ url: ParsedURL) throws(FetchError) -> [String: InputAttribute]? {
        guard url.scheme == rawValue else { return nil }
        let path = url.path.filter { !$0.isEmpty }
        guard path.count >= 2 else { throw FetchError(.badURL, "URL '", url.text, "' is invalid") }
        var result: [String: InputAttribute] = [
            "type": .text(Array(rawValue.utf8)), "owner": .text(path[0]), "repo": .text(path[1]),
        ]
        if path.count == 3 {
            result[GitNames.isRevision(path[2]) ? "rev" : "ref"] = .text(path[2])
        } else if path.count > 3 {
            result["ref"] = .text(Array(path[2...].joined(separator: [CanonPath.slash])))
        }
        for (name, value) in url.query.sorted(by: { $0.key < $1.key }) {
            switch name {
            case "rev", "ref":
                if result[name] != nil {
                    let what = name == "rev" ? "commit hashes" : "branch/tag names"
                    throw FetchError(.badURL, "URL '", url.text, "' contains multiple \(what)")
                }
                result[name] = .text(value)
            case "host", "narHash": result[name] = .text(value)
            default:
                throw FetchError(
                    .badURL, "URL '", url.text, "' contains unknown parameter '\(MessageText.shortened(name))'")
            }
        }
        return result
    }

    private func gitAttributes(_ url: ParsedURL) -> [String: InputAttribute]? {
        guard url.scheme == "git" || url.application == "git" else { return nil }
        var rest = url
        rest.query = [:]
        var result: [String: InputAttribute] = ["type": .text(Array("git".utf8))]
        for (name, value) in url.query {
            switch name {
            case "rev", "ref", "keytype", "publicKey", "publicKeys": result[name] = .text(value)
            case "shallow", "submodules", "lfs", "exportIgnore", "allRefs", "verifyCommit":
                result[name] = .flag(value == Array("1".utf8))
            default: rest.query[name] = value
            }
        }
        if rest.application == "git" { rest.scheme = rest.transport }
        result["url"] = .text(rest.text)
        return result
    }

    private func mercurialAttributes(_ url: ParsedURL) -> [String: InputAttribute]? {
        guard ["hg+http", "hg+https", "hg+ssh", "hg+file"].contains(url.scheme) else { return nil }
        var rest = url
        rest.scheme = url.transport
        rest.query = url.query.filter { $0.key != "rev" && $0.key != "ref" }
        var result: [String: InputAttribute] = ["type": .text(Array("hg".utf8)), "url": .text(rest.text)]
        for name in ["rev", "ref"] { result[name] = url.query[name].map { .text($0) } }
        return result
    }

    private func downloadAttributes(_ url: ParsedURL, requiresTree: Bool) -> [String: InputAttribute]? {
        guard ["file", "http", "https"].contains(url.transport) else { return nil }
        if let application = url.application {
            guard application == rawValue else { return nil }
        } else {
            let last = url.path.last.map { String(decoding: $0, as: UTF8.self) } ?? ""
            let isArchive = requiresTree || Self.archiveSuffixes.contains { last.hasSuffix($0) }
            guard isArchive == (self == .tarball) else { return nil }
        }
        var rest = url
        rest.scheme = url.transport
        rest.query = url.query.filter { !allowed.contains($0.key) }
        var result: [String: InputAttribute] = ["type": .text(Array(rawValue.utf8)), "url": .text(rest.text)]
        for name in ["narHash", "rev"] { result[name] = url.query[name].map { .text($0) } }
        for name in ["revCount", "lastModified"] {
            result[name] = url.query[name].flatMap { Self.number($0) }.map { .number($0) }
        }
        return result
    }
}

extension InputScheme {
    /// The URL of an input of this type.
    func url(_ input: FetchInput) throws(FetchError) -> ParsedURL {
        switch self {
        case .path:
            let query = input.attributes.filter { !["path", "type", "__final"].contains($0.key) }.mapValues { $0.text }
            return ParsedURL(
                scheme: "path", path: ParsedURL.segments(of: try input.requiredBytes("path")), query: query)
        case .indirect:
            var path = [try input.requiredBytes("id")]
            if let ref = try input.text("ref") { path.append(ref) }
            if let rev = try input.revision() { path.append(rev) }
            return ParsedURL(scheme: "flake", path: path)
        case .github, .gitlab, .sourcehut: return try forgeURL(input)
        case .git: return try gitURL(input)
        case .mercurial:
            var url = try ParsedURL(try input.requiredBytes("url"))
            url.scheme = "hg+\(url.scheme)"
            if let rev = try input.revision() { url.query["rev"] = rev }
            if let ref = try input.text("ref") { url.query["ref"] = ref }
            return url
        case .file, .tarball:
            var url = try ParsedURL(try input.requiredBytes("url"))
            if let hash = try input.narHash() { url.query["narHash"] = hash.text(.sri) }
            return url
        }
    }

    private func forgeURL(_ input: FetchInput) throws(FetchError) -> ParsedURL {
        var path = [try input.requiredBytes("owner"), try input.requiredBytes("repo")]
        if let ref = try input.text("ref") { path.append(ref) }
        if let rev = try input.revision() { path.append(rev) }
        var url = ParsedURL(scheme: rawValue, path: path)
        if let hash = try input.narHash() { url.query["narHash"] = hash.text(.sri) }
        if let host = try input.text("host") { url.query["host"] = host }
        return url
    }

    private func gitURL(_ input: FetchInput) throws(FetchError) -> ParsedURL {
        var url = try GitNames.url(try input.requiredBytes("url"))
        if url.scheme != "git" { url.scheme = "git+\(url.scheme)" }
        if let rev = try input.revision() { url.query["rev"] = rev }
        if let ref = try input.text("ref") { url.query["ref"] = ref }
        for name in ["shallow", "lfs", "submodules", "exportIgnore", "verifyCommit"] where try input.flag(name) {
            url.query[name] = Array("1".utf8)
        }
        if let key = try input.text("publicKey") {
            url.query["keytype"] = try input.text("keytype") ?? Array("ssh-ed25519".utf8)
            url.query["publicKey"] = key
        }
        return url
    }
}
