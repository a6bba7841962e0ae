/// Fetches a commit or the work tree of a Mercurial repository on this machine, with the program `hg`.
struct MercurialFetcher {
    private let fetcher: Fetcher
    private let input: FetchInput
    private let path: [UInt8]

    init(fetcher: Fetcher, input: FetchInput) throws(FetchError) {
        self.fetcher = fetcher
        self.input = input
        let url = try ParsedURL(try input.requiredBytes("url"))
        guard url.scheme == "file" else { throw Fetcher.offline(url.text) }
        path = CanonPath.canonicalize(try url.filePath())
    }

    func fetch() throws(FetchError) -> FetchedTree {
        let type = try fetcher.reading { () throws(EvalIOError) in try fetcher.io.fileType(path) }
        guard type != nil else { throw FetchError(EvalIOError(.notFound, path: path)) }
        if try input.text("ref") == nil, try input.text("rev") == nil, let dirty = try fetchWorkTree() { return dirty }
        return try fetchCommit()
    }

    private func run(_ words: [String], _ more: [[UInt8]] = [], _ output: (UnsafeRawBufferPointer) -> Void)
        throws(FetchError)
    {
        let command = Command("hg", [Array("-R".utf8), path] + words.map { Array($0.utf8) } + more)
        do throws(CommandError) {
            try unsafe fetcher.io.run(command) { piece in
                let shouldContinue = fetcher.proceed(piece.count)
                if shouldContinue { unsafe output(piece) }
                return shouldContinue
            }
        } catch {
            throw FetchError(error, tool: "hg", path: path)
        }
    }

    private func run(_ words: [String], _ more: [[UInt8]] = []) throws(FetchError) -> [UInt8] {
        var result: [UInt8] = []
        unsafe try run(words, more) { piece in unsafe result.append(contentsOf: piece) }
        return result
    }

    /// Fetches the tracked files as they are in the work tree, if any is modified; otherwise returns nil.
    private func fetchWorkTree() throws(FetchError) -> FetchedTree? {
        let changes = try run(["status", "--modified", "--added", "--removed"])
        if changes.isEmpty { return nil }
        let files = try run(["status", "--clean", "--modified", "--added", "--no-status", "--print0"])
        var accepted: Set<[UInt8]> = []
        for file in files.split(separator: 0) {
            var current = path
            for component in CanonPath.components(Array(file)) {
                current += [CanonPath.slash] + component
                accepted.insert(current)
            }
        }
        let object = StoreObject(fetcher.io, root: path, accepted: accepted)
        var result = FetchedTree(
            object: object, name: try input.text("name") ?? Array("source".utf8),
            narHash: try fetcher.narHash(object))
        result.warning = Array("Mercurial tree '".utf8) + path + Array("' is unclean".utf8)
        let branch = try run(["branch"])
        result.branch = Array(branch.prefix { $0 != UInt8(ascii: "\n") })
        return result
    }

    private func fetchCommit() throws(FetchError) -> FetchedTree {
        let rev = try input.revision()
        let ref = try input.text("ref")
        let wanted = rev ?? ref ?? Array("default".utf8)
        let text = try run(["log", "--template", "{node} {rev} {branch}", "-r"], [wanted])
        let fields = text.split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard fields.count == 3, let count = Int64(String(decoding: fields[1], as: UTF8.self)) else {
            throw FetchError(.invalid, "the repository '", path, "' has no revision '", wanted, "'")
        }
        var tar = TarReader(proceed: fetcher.reserve)
        var failure: UnpackError?
        // This excludes the file in which `hg` records what was archived.
        unsafe try run(
            ["--config", "ui.archivemeta=false", "archive", "--type", "tar", "--prefix", "source", "-r"],
            [Array(fields[0]), Array("-".utf8)]
        ) { piece in
            do throws(UnpackError) { try unsafe tar.feed(piece) } catch { failure = failure ?? error }
        }
        if failure != nil {
            throw FetchError(.invalid, "what 'hg archive' writes for the repository '", path, "' is damaged")
        }
        let object = StoreObject(tar.tree, root: Array("/source".utf8))
        var result = FetchedTree(
            object: object, name: try input.text("name") ?? Array("source".utf8),
            narHash: try fetcher.narHash(object))
        result.revision = Array(fields[0])
        result.revisionCount = .known(count)
        result.branch = Array(fields[2])
        return result
    }
}
