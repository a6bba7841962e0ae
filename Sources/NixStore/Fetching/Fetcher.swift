/// Fetches inputs: from this machine, and from the network if it is given settings for it.
public struct Fetcher {
    let io: any EvalIO
    /// What may be done on the network; nil for nothing.
    let network: NetworkSettings?
    /// Polled while something is downloaded; returning true stops.
    let isStopped: () -> Bool
    /// Called with the number of bytes about to be read; returning false stops.
    let proceed: (Int) -> Bool
    /// Called with the number of bytes about to be kept in memory; returning false stops.
    let reserve: (Int) -> Bool

    public init(
        _ io: any EvalIO, network: NetworkSettings? = nil, isStopped: @escaping () -> Bool = { false },
        reserve: @escaping (Int) -> Bool = { _ in true }, proceed: @escaping (Int) -> Bool
    ) {
        self.io = io
        self.network = network
        self.isStopped = isStopped
        self.proceed = proceed
        self.reserve = reserve
    }

    /// Fetches an input.
    ///
    /// - Returns: the tree and its metadata.
    /// - Throws: why the input cannot be fetched.
    public func fetch(_ input: FetchInput) throws(FetchError) -> FetchedTree {
        guard let scheme = input.scheme else {
            throw FetchError(.invalid, "cannot fetch unsupported input '\(input.described)'")
        }
        if let stored = try storedTree(input) { return stored }
        let tree: FetchedTree
        switch scheme {
        case .path: tree = try fetchPath(input)
        case .file: tree = try fetchFile(input)
        case .tarball: tree = try fetchTarball(input)
        case .git:
            var fetcher = try GitFetcher(fetcher: self, input: input)
            tree = try fetcher.fetch()
        case .mercurial: tree = try MercurialFetcher(fetcher: self, input: input).fetch()
        case .github, .gitlab, .sourcehut: tree = try ForgeFetcher(self, input).fetch()
        case .indirect:
            throw FetchError(
                .restricted, "indirect input '", try input.url().text,
                "' cannot be fetched directly: no registry is read; give the path or URL that it stands for")
        }
        try check(tree, against: input)
        return tree
    }

    /// The error for an input that requires a network connection.
    public static func offline(_ url: [UInt8]) -> FetchError {
        FetchError(
            .restricted, "cannot fetch '", shown(url),
            "': this evaluator opens no connection; fetch it yourself and pass its path, with -I, --arg or as a root")
    }

    /// A URL without name and password, for messages. The name in a URL of `ssh` is no secret, and says who is meant.
    public static func shown(_ url: [UInt8]) -> [UInt8] {
        // The text may be no URL at all, and must not be shown with a password for that.
        guard let colon = url.firstIndex(of: UInt8(ascii: ":")), url[colon...].starts(with: Array("://".utf8)) else {
            return url
        }
        if ["ssh", "git+ssh"].contains(String(decoding: url[..<colon], as: UTF8.self)) { return url }
        let authority = url[(colon + 3)...].prefix { $0 != CanonPath.slash }
        guard let sign = authority.lastIndex(of: UInt8(ascii: "@")) else { return url }
        return Array(url[..<(colon + 3)]) + url[(sign + 1)...]
    }

    /// Downloads; an error without the network.
    func downloader(for url: [UInt8]) throws(FetchError) -> Downloader {
        guard let network else { throw Self.offline(url) }
        return Downloader(settings: network, isStopped: isStopped)
    }

    /// The tree of a remote input that is already in the store, found by its hash; nil if there is none.
    private func storedTree(_ input: FetchInput) throws(FetchError) -> FetchedTree? {
        guard let hash = try input.narHash(), try !isLocal(input) else { return nil }
        let name = try input.text("name") ?? Array("source".utf8)
        guard let path = try? StorePath.fixed(name: name, hash, .nar), (try? io.pathExists(path)) == true else {
            return nil
        }
        return FetchedTree(
            object: StoreObject(io, root: path), name: name, narHash: hash,
            lastModified: try input.number("lastModified").map { Int64(truncatingIfNeeded: $0) },
            revision: try input.revision(),
            revisionCount: try input.number("revCount").map { .known(Int64(truncatingIfNeeded: $0)) },
            submodules: input.scheme == .git ? try input.flag("submodules") : nil)
    }

    private func isLocal(_ input: FetchInput) throws(FetchError) -> Bool {
        if input.scheme == .path { return true }
        guard let url = try input.text("url") else { return false }
        let parsed = input.scheme == .git ? try GitNames.url(url) : try ParsedURL(url)
        return parsed.scheme == "file"
    }

    private func check(_ tree: FetchedTree, against input: FetchInput) throws(FetchError) {
        if let expected = try input.narHash(), expected != tree.narHash {
            throw FetchError(
                .invalid, "NAR hash mismatch in input '", Self.shown(try input.url().text), "', expected '",
                expected.text(.sri),
                "' but got '\(String(decoding: tree.narHash.text(.sri), as: UTF8.self))'")
        }
        if let expected = try input.revision(), let found = tree.revision, found != expected {
            throw FetchError(
                .invalid, "'rev' attribute mismatch in input '", Self.shown(try input.url().text), "', expected ",
                expected)
        }
    }
}

/// Trees and files on this machine.
extension Fetcher {
    private func fetchPath(_ input: FetchInput) throws(FetchError) -> FetchedTree {
        let path = try input.requiredBytes("path")
        guard path.first == CanonPath.slash else {
            throw FetchError(
                .invalid, "cannot fetch input '", try input.url().text, "' because it uses a relative path")
        }
        let root = try reading { () throws(EvalIOError) in
            try io.resolveSymlinks(CanonPath.canonicalize(path), .ancestors)
        }
        let object = StoreObject(io, root: root)
        let given = try input.number("lastModified").map { Int64(truncatingIfNeeded: $0) }
        var latest: Int64 = 0
        var failure: EvalIOError?
        let hash = try narHash(object) { path in
            if given != nil { return }
            do throws(EvalIOError) {
                latest = max(latest, try io.modificationTime(path))
            } catch {
                failure = error
            }
        }
        if let failure { throw FetchError(failure) }
        return FetchedTree(
            object: object, name: Array("source".utf8), narHash: hash, lastModified: given ?? latest,
            revision: try input.revision(),
            revisionCount: try input.number("revCount").map { .known(Int64(truncatingIfNeeded: $0)) })
    }

    private func fetchFile(_ input: FetchInput) throws(FetchError) -> FetchedTree {
        let file = try file(of: try input.requiredBytes("url"))
        let io = file.io
        let target = try reading { () throws(EvalIOError) in try io.resolveSymlinks(file.path, .full) }
        var contents: [UInt8] = []
        var isStopped = false
        let limit = ReadLimits().maximumFileSize
        try reading { () throws(EvalIOError) in
            var isTooLarge = false
            unsafe try io.streamFile(target, begin: { isTooLarge = $0.size > limit }) { piece in
                if isTooLarge { return false }
                isStopped = !proceed(piece.count) || !reserve(piece.count)
                if !isStopped { unsafe contents.append(contentsOf: piece) }
                return !isStopped
            }
            if isTooLarge { throw EvalIOError(.tooLarge(limit: limit), path: target) }
        }
        if isStopped { throw .stopped }
        // Downloaded files are not executable, even if the original is.
        let object = StoreObject(text: contents, references: [])
        var tree = FetchedTree(
            object: object, name: try input.text("name") ?? Array("source".utf8), narHash: try narHash(object),
            lastModified: try input.number("lastModified").map { Int64(truncatingIfNeeded: $0) },
            revision: try input.revision(),
            revisionCount: try input.number("revCount").map { .known(Int64(truncatingIfNeeded: $0)) })
        tree.lockedURL = file.lockedURL?.text
        return tree
    }

    private func fetchTarball(_ input: FetchInput) throws(FetchError) -> FetchedTree {
        let url = try input.requiredBytes("url")
        if let parsed = try? ParsedURL(url), parsed.scheme == "file", try parsed.filePath().first != CanonPath.slash {
            throw FetchError(
                .invalid, "tarball '", url,
                "' must use an absolute path. The 'file' scheme does not support relative paths.")
        }
        let file = try file(of: url)
        if file.isLocal { try checkTarball(file.path) }
        let tarball = try unpack(file.path, io: file.io, shown: Self.shown(url))
        let given = try input.number("lastModified").map { Int64(truncatingIfNeeded: $0) }
        var tree = FetchedTree(
            object: tarball.object, name: try input.text("name") ?? Array("source".utf8),
            narHash: try narHash(tarball.object),
            lastModified: given ?? (tarball.lastModified == 0 ? nil : tarball.lastModified),
            revision: try input.revision(),
            revisionCount: try input.number("revCount").map { .known(Int64(truncatingIfNeeded: $0)) })
        if let url = file.lockedURL, let locked = try? FetchInput(url), locked.scheme == .tarball {
            tree.lockedURL = try locked.text("url")
            if tree.revision == nil { tree.revision = try locked.revision() }
            if tree.revisionCount == nil, let count = try locked.number("revCount") {
                tree.revisionCount = .known(Int64(truncatingIfNeeded: count))
            }
        }
        return tree
    }

    /// Checks that a path is that of an archive. Common mistakes have messages of their own.
    private func checkTarball(_ path: [UInt8]) throws(FetchError) {
        let target = try reading { () throws(EvalIOError) in try io.resolveSymlinks(path, .full) }
        switch try reading({ () throws(EvalIOError) in try io.fileType(target) }) {
        case nil: throw FetchError(.invalid, "tarball \"", path, "\" does not exist.")
        case .directory where (try? io.pathExists(target + Array("/.git".utf8))) == true:
            throw FetchError(
                .invalid, "tarball \"", path,
                "\" is a git repository, not a tarball. Please use `git+file` as the scheme.")
        case .directory: throw FetchError(.invalid, "tarball \"", path, "\" is a directory, not a file.")
        default: return
        }
    }

    /// A file that a URL or absolute path names, after it was downloaded if need be.
    public struct NamedFile {
        public let path: [UInt8]
        /// Reads the file.
        public let io: any EvalIO
        /// Whether it lies on this machine.
        public let isLocal: Bool
        /// The URL that always gives the same file, if a server named one.
        let lockedURL: ParsedURL?
    }

    /// Finds or downloads the file of a URL or absolute path.
    public func file(of url: [UInt8]) throws(FetchError) -> NamedFile {
        if url.first == CanonPath.slash {
            return NamedFile(path: CanonPath.canonicalize(url), io: io, isLocal: true, lockedURL: nil)
        }
        guard let parsed = try? ParsedURL(url) else {
            throw network == nil
                ? Self.offline(url) : FetchError(.invalid, "'", Self.shown(url), "' is not a valid URL")
        }
        guard parsed.scheme == "file" else {
            // The file lies in a directory of the user, which the evaluation need not be able to read.
            let file = try downloader(for: url).file(parsed)
            return NamedFile(path: file.path, io: LocalIO(), isLocal: false, lockedURL: file.lockedURL)
        }
        let path = try parsed.filePath()
        guard path.first == CanonPath.slash else {
            throw FetchError(.invalid, "URL '", url, "' must have an absolute path")
        }
        return NamedFile(path: CanonPath.canonicalize(path), io: io, isLocal: true, lockedURL: nil)
    }

    /// Unpacks an archive.
    func unpack(_ path: [UInt8], io: any EvalIO, shown url: [UInt8]) throws(FetchError) -> Tarball {
        var unpacked = 0
        let limit = network?.maximumUnpackedBytes ?? .max
        do throws(UnpackError) {
            let tarball = try Tarball.unpack(path, io: io) {
                unpacked += $0
                return unpacked <= limit && proceed($0) && reserve($0)
            }
            return tarball
        } catch {
            switch error {
            case .stopped where unpacked > limit:
                throw FetchError(.invalid, "tarball '", url, "' has more than \(limit) bytes after decompression")
            case .stopped: throw .stopped
            case .io(let error): throw FetchError(error)
            case .malformed(let text): throw FetchError(.invalid, "tarball '", url, "' ", text)
            }
        }
    }

    /// Hashes the NAR of an object. `visit` is called with each path in it.
    func narHash(_ object: StoreObject, visit: @escaping ([UInt8]) -> Void = { _ in }) throws(FetchError) -> Hash {
        do throws(ArchiveError) {
            visit(object.root)
            return try object.narHash(.sha256, visit: visit, proceed: proceed)
        } catch {
            switch error {
            case .stopped: throw .stopped
            case .io(let error): throw FetchError(error)
            case .unsupportedType(let path):
                throw FetchError(.invalid, "file '", path, "' has an unsupported type")
            }
        }
    }

    func reading<Result>(_ body: () throws(EvalIOError) -> Result) throws(FetchError) -> Result {
        do throws(EvalIOError) {
            return try body()
        } catch {
            throw FetchError(error)
        }
    }
}

extension FetchError {
    init(_ error: EvalIOError) {
        self.init(error.kind == .outsideRoots ? .restricted : .invalid, error.message)
    }
}
