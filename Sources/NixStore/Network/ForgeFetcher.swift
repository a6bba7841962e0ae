import NixFormats

/// Fetches a commit from GitHub, GitLab or SourceHut as an archive that the forge makes of it.
struct ForgeFetcher {
    private let fetcher: Fetcher
    private let input: FetchInput
    private let forge: Forge
    private let downloader: Downloader

    init(_ fetcher: Fetcher, _ input: FetchInput) throws(FetchError) {
        self.fetcher = fetcher
        self.input = input
        forge = try Forge(input)
        downloader = try fetcher.downloader(for: try input.url().text)
    }

    func fetch() throws(FetchError) -> FetchedTree {
        let headers = try forge.headers(downloader.settings)
        let revision: [UInt8]
        if let given = try input.revision() {
            revision = given
        } else {
            revision = try self.revision(of: try input.text("ref") ?? Array("HEAD".utf8), headers)
        }
        let url = try forge.archive(revision, hasToken: !headers.isEmpty)
        let file = try downloader.file(url, headers: headers, isFixed: true)
        let tarball = try fetcher.unpack(file.path, io: LocalIO(), shown: url.text)
        let given = try input.number("lastModified").map { Int64(truncatingIfNeeded: $0) }
        var tree = FetchedTree(
            object: tarball.object, name: Array("source".utf8), narHash: try fetcher.narHash(tarball.object))
        tree.lastModified = given ?? tarball.lastModified
        tree.revision = revision
        return tree
    }

    /// The commit of a branch or tag.
    private func revision(
        of reference: [UInt8], _ headers: [(name: String, value: String)]
    ) throws(FetchError) -> [UInt8] {
        let found: [UInt8]?
        switch forge.kind {
        case .github: found = try document(forge.commit(of: reference), headers)?["sha"]?.text
        case .gitlab: found = try document(forge.commit(of: reference), headers)?.elements?.first?["id"]?.text
        case .sourcehut: found = try listed(reference, headers)
        }
        guard let found, let revision = try? InputScheme.revision(found) else {
            throw FetchError(
                .invalid, "the forge names no commit for '", reference, "' of '", try input.url().text, "'")
        }
        return revision
    }

    /// The most bytes of an answer about a branch.
    private static let maximumAnswer = 8 << 20

    private func text(_ url: ParsedURL, _ headers: [(name: String, value: String)]) throws(FetchError) -> [UInt8] {
        let file = try downloader.file(url, headers: headers)
        return try fetcher.reading { () throws(EvalIOError) in
            try LocalIO().readFile(file.path, limit: Self.maximumAnswer)
        }
    }

    private func document(
        _ url: ParsedURL, _ headers: [(name: String, value: String)]
    ) throws(FetchError) -> JSONDocument? {
        try? JSONDocument(try text(url, headers))
    }

    /// The commit of a branch in the lists of references that a repository has for programs without Git's protocol.
    private func listed(
        _ reference: [UInt8], _ headers: [(name: String, value: String)]
    ) throws(FetchError) -> [UInt8]? {
        var names = ["refs/heads/", "refs/tags/"].map { Array($0.utf8) + reference }
        if reference == Array("HEAD".utf8) {
            let head = try text(try forge.page("HEAD"), headers).prefix { $0 != UInt8(ascii: "\n") }
            let prefix = Array("ref: ".utf8)
            guard head.starts(with: prefix) else { return Array(head) }
            names = [Array(head.dropFirst(prefix.count))]
        }
        for line in try text(try forge.page("info/refs"), headers).split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: "\t"))
            if fields.count == 2, names.contains(Array(fields[1])) { return Array(fields[0]) }
        }
        return nil
    }
}

/// The addresses of a repository on a forge.
struct Forge {
    enum Kind { case github, gitlab, sourcehut }

    let kind: Kind
    private let host: String
    private let owner: String
    private let repository: String

    init(_ input: FetchInput) throws(FetchError) {
        let named: (Kind, host: String) =
            switch input.scheme {
            case .gitlab: (.gitlab, "gitlab.com")
            case .sourcehut: (.sourcehut, "git.sr.ht")
            default: (.github, "github.com")
            }
        kind = named.0
        host = try input.text("host").map { String(decoding: $0, as: UTF8.self) } ?? named.host
        owner = Self.segment(try input.requiredBytes("owner"), keeping: kind == .sourcehut ? "~" : "")
        repository = Self.segment(try input.requiredBytes("repo"), keeping: "")
    }

    private static func segment(_ bytes: [UInt8], keeping: String) -> String {
        String(decoding: ParsedURL.encode(bytes, keeping: keeping), as: UTF8.self)
    }

    private func url(_ text: String) throws(FetchError) -> ParsedURL { try ParsedURL(Array(text.utf8)) }

    /// The URL that says which commit a branch or tag has.
    func commit(of reference: [UInt8]) throws(FetchError) -> ParsedURL {
        switch kind {
        case .github:
            let name = Self.segment(reference, keeping: "/")
            return try url("\(interface)/repos/\(owner)/\(repository)/commits/\(name)")
        case .gitlab:
            let name = Self.segment(reference, keeping: "")
            return try url("\(project)/repository/commits?ref_name=\(name)")
        case .sourcehut: return try page("info/refs")
        }
    }

    /// A page of a repository on SourceHut.
    func page(_ path: String) throws(FetchError) -> ParsedURL {
        try url("https://\(host)/\(owner)/\(repository)/\(path)")
    }

    private var interface: String { host == "github.com" ? "https://api.github.com" : "https://\(host)/api/v3" }
    private var project: String { "https://\(host)/api/v4/projects/\(owner)%2F\(repository)" }

    /// The URL of the archive of a commit.
    ///
    /// - Parameter hasToken: whether the request has a secret. GitHub counts requests to its programming interface, so
    ///   those without a secret are sent to its pages.
    func archive(_ revision: [UInt8], hasToken: Bool) throws(FetchError) -> ParsedURL {
        let revision = String(decoding: revision, as: UTF8.self)
        switch kind {
        case .github where host == "github.com" && !hasToken:
            return try url("https://github.com/\(owner)/\(repository)/archive/\(revision).tar.gz")
        case .github: return try url("\(interface)/repos/\(owner)/\(repository)/tarball/\(revision)")
        case .gitlab: return try url("\(project)/repository/archive.tar.gz?sha=\(revision)")
        case .sourcehut: return try page("archive/\(revision).tar.gz")
        }
    }

    /// The header field with the secret for the repository, if there is one.
    func headers(_ settings: NetworkSettings) throws(FetchError) -> [(name: String, value: String)] {
        guard let token = settings.accessToken(host: host, path: "\(owner)/\(repository)") else { return [] }
        switch kind {
        case .github: return [("Authorization", "token \(token)")]
        case .sourcehut: return [("Authorization", "Bearer \(token)")]
        case .gitlab:
            // A GitLab token says of what type it is.
            let parts = token.split(separator: ":", maxSplits: 1).map(String.init)
            switch parts.first {
            case "OAuth2" where parts.count == 2: return [("Authorization", "Bearer \(parts[1])")]
            case "PAT" where parts.count == 2: return [("Private-token", parts[1])]
            default:
                throw FetchError(
                    .invalid, "the access token for '", Array(host.utf8),
                    "' must begin with 'OAuth2:' or 'PAT:', as GitLab has two types")
            }
        }
    }
}
