/// Fetches inputs from this machine. It never opens a network connection.
public struct Fetcher {
    let io: any EvalIO
    /// Called with the number of bytes about to be read; returning false stops.
    let proceed: (Int) -> Bool
    /// Called with the number of bytes about to be kept in memory; returning false stops.
    let reserve: (Int) -> Bool

    public init(
        _ io: any EvalIO, reserve: @escaping (Int) -> Bool = { _ in true }, proceed: @escaping (Int) -> Bool
    ) {
        self.io = io
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
        case .github, .gitlab, .sourcehut: throw Self.offline(try input.url().text)
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
            .restricted, "cannot fetch '", url,
            "': this evaluator opens no connection; fetch it yourself and pass its path, with -I, --arg or as a root")
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
                .invalid, "NAR hash mismatch in input '", try input.url().text, "', expected '", expected.text(.sri),
                "' but got '\(String(decoding: tree.narHash.text(.sri), as: UTF8.self))'")
        }
        if let expected = try input.revision(), let found = tree.revision, found != expected {
            throw FetchError(
                .invalid, "'rev' attribute mismatch in input '", try input.url().text, "', expected ", expected)
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
        let path = try localPath(try input.requiredBytes("url"))
        let target = try reading { () throws(EvalIOError) in try io.resolveSymlinks(path, .full) }
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
        return FetchedTree(
            object: object, name: try input.text("name") ?? Array("source".utf8), narHash: try narHash(object),
            lastModified: try input.number("lastModified").map { Int64(truncatingIfNeeded: $0) },
            revision: try input.revision(),
            revisionCount: try input.number("revCount").map { .known(Int64(truncatingIfNeeded: $0)) })
    }

    private func fetchTarball(_ input: FetchInput) throws(FetchError) -> FetchedTree {
        let url = try input.requiredBytes("url")
        let tarball = try unpack(try tarballPath(url), shown: url)
        let given = try input.number("lastModified").map { Int64(truncatingIfNeeded: $0) }
        return FetchedTree(
            object: tarball.object, name: try input.text("name") ?? Array("source".utf8),
            narHash: try narHash(tarball.object),
            lastModified: given ?? (tarball.lastModified == 0 ? nil : tarball.lastModified),
            revision: try input.revision(),
            revisionCount: try input.number("revCount").map { .known(Int64(truncatingIfNeeded: $0)) })
    }

    /// The path of an archive. Common mistakes have messages of their own.
    private func tarballPath(_ url: [UInt8]) throws(FetchError) -> [UInt8] {
        if let parsed = try? ParsedURL(url), parsed.scheme == "file", try parsed.filePath().first != CanonPath.slash {
            throw FetchError(
                .invalid, "tarball '", url,
                "' must use an absolute path. The 'file' scheme does not support relative paths.")
        }
        let path = try localPath(url)
        let target = try reading { () throws(EvalIOError) in try io.resolveSymlinks(path, .full) }
        switch try reading({ () throws(EvalIOError) in try io.fileType(target) }) {
        case nil: throw FetchError(.invalid, "tarball \"", path, "\" does not exist.")
        case .directory where (try? io.pathExists(target + Array("/.git".utf8))) == true:
            throw FetchError(
                .invalid, "tarball \"", path,
                "\" is a git repository, not a tarball. Please use `git+file` as the scheme.")
        case .directory: throw FetchError(.invalid, "tarball \"", path, "\" is a directory, not a file.")
        default: return path
        }
    }

    /// The local path of a URL or absolute path.
    ///
    /// - Throws: an error for any other URL.
    public func localPath(_ url: [UInt8]) throws(FetchError) -> [UInt8] {
        if url.first == CanonPath.slash { return CanonPath.canonicalize(url) }
        guard let parsed = try? ParsedURL(url), parsed.scheme == "file" else { throw Self.offline(url) }
        let path = try parsed.filePath()
        guard path.first == CanonPath.slash else {
            throw FetchError(.invalid, "URL '", url, "' must have an absolute path")
        }
        return CanonPath.canonicalize(path)
    }

    /// Unpacks an archive.
    func unpack(_ path: [UInt8], shown url: [UInt8]) throws(FetchError) -> Tarball {
        do throws(UnpackError) {
            return try Tarball.unpack(path, io: io) { proceed($0) && reserve($0) }
        } catch {
            switch error {
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
