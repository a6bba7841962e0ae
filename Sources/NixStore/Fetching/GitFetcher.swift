/// Fetches a commit or the work tree of a Git repository on this machine.
struct GitFetcher {
    private let fetcher: Fetcher
    private let input: FetchInput
    private var repository: GitRepository
    /// The full name of the reference that was fetched from another machine; nil for a repository on this one.
    private let remoteReference: [UInt8]?

    private static let noRevision = [UInt8](repeating: UInt8(ascii: "0"), count: 40)

    init(fetcher: Fetcher, input: FetchInput) throws(FetchError) {
        self.fetcher = fetcher
        self.input = input
        let url = try GitNames.url(try input.requiredBytes("url"))
        guard url.scheme == "file" else {
            let (path, reference) = try GitMirror(url, input, fetcher).update()
            remoteReference = reference
            // The copy lies in a directory of the user, which the evaluation need not be able to read.
            repository = GitRepository(path: path, io: LocalIO()) { fetcher.proceed($0) && fetcher.reserve($0) }
            return
        }
        remoteReference = nil
        let path = try url.filePath()
        guard path.first == CanonPath.slash else {
            throw FetchError(.invalid, "URL '", url.text, "' must have an absolute path")
        }
        let resolved = try fetcher.reading { () throws(EvalIOError) in
            try fetcher.io.resolveSymlinks(CanonPath.canonicalize(path), .full)
        }
        repository = GitRepository(path: resolved, io: fetcher.io) { fetcher.proceed($0) && fetcher.reserve($0) }
    }

    mutating func fetch() throws(FetchError) -> FetchedTree {
        let isVerified = try input.flag("verifyCommit")
        if isVerified || input.attributes["publicKey"] != nil || input.attributes["publicKeys"] != nil {
            throw FetchError(
                .restricted, "the signature of a commit of '", repository.path,
                "' is not verified by this evaluator; verify it yourself (git verify-commit) and leave out "
                    + "'verifyCommit', 'publicKey' and 'publicKeys'")
        }
        if try input.flag("exportIgnore"), try input.flag("submodules") {
            throw FetchError(.invalid, "exportIgnore and submodules are not supported together yet")
        }
        let path = repository.path
        let io = repository.io
        let type = try fetcher.reading { () throws(EvalIOError) in try io.fileType(path) }
        guard type != nil else { throw FetchError(EvalIOError(.notFound, path: path)) }
        let hasWorkTree = try fetcher.reading { () throws(EvalIOError) in
            try io.pathExists(path + Array("/.git".utf8))
        }
        // Where only roots can be read, running programs is not allowed, and that error takes precedence.
        if !io.hasFixedContents { try repository.checkFiles() }
        _ = try repository.run(["rev-parse", "--git-dir"])
        try repository.disableFilters()
        if hasWorkTree, try input.text("ref") == nil, try input.text("rev") == nil { return try fetchWorkTree() }
        return try fetchCommit()
    }

    private func name() throws(FetchError) -> [UInt8] { try input.text("name") ?? Array("source".utf8) }

    private func fetchCommit() throws(FetchError) -> FetchedTree {
        let path = repository.path
        let commit: [UInt8]
        if let rev = try input.revision() {
            guard try repository.commit(rev) == rev else {
                let ref = try input.text("ref") ?? Array("HEAD".utf8)
                throw FetchError(
                    .invalid, "Cannot find Git revision '", rev, "' in ref '", ref,
                    "' of repository '\(String(decoding: path, as: UTF8.self))'! Please make sure that the rev exists "
                        + "on the ref you've specified or add allRefs = true; to fetchGit.")
            }
            commit = rev
        } else {
            let given = try input.text("ref")
            let ref = remoteReference ?? given ?? Array("HEAD".utf8)
            guard let found = try repository.commit(ref) else {
                throw FetchError(.invalid, "resolving Git reference '", ref, "': revspec '", ref, "' not found")
            }
            commit = found
        }
        let tree = try GitTreeReader(repository: repository).tree(
            of: commit, exportIgnore: try input.flag("exportIgnore"), submodules: try input.flag("submodules"))
        let object = StoreObject(tree, root: [CanonPath.slash])
        var result = FetchedTree(object: object, name: try name(), narHash: try fetcher.narHash(object))
        result.lastModified = try lastModified(commit)
        result.revision = commit
        result.reference = try input.text("ref") == nil ? remoteReference : nil
        if try !input.flag("shallow") { result.revisionCount = try count(commit) }
        result.submodules = try input.flag("submodules")
        return result
    }

    private func lastModified(_ commit: [UInt8]) throws(FetchError) -> Int64 {
        if let given = try input.number("lastModified") { return Int64(truncatingIfNeeded: given) }
        return try repository.time(of: commit)
    }

    private func count(_ commit: [UInt8]) throws(FetchError) -> FetchedTree.Count {
        if let given = try input.number("revCount") { return .known(Int64(truncatingIfNeeded: given)) }
        return try repository.count(upTo: commit)
    }

    /// Fetches the files that Git tracks, as they are in the work tree.
    private func fetchWorkTree() throws(FetchError) -> FetchedTree {
        let submodules = try input.flag("submodules")
        let head = try repository.commit(Array("HEAD".utf8))
        let object = StoreObject(
            fetcher.io, root: repository.path,
            accepted: try trackedPaths(submodules: submodules, exportIgnore: try input.flag("exportIgnore")))
        var result = FetchedTree(object: object, name: try name(), narHash: try fetcher.narHash(object))
        result.submodules = submodules
        result.lastModified = try head.map { commit throws(FetchError) in try repository.time(of: commit) } ?? 0
        if try isChanged(submodules: submodules) {
            result.dirtyRevision = head
            result.warning = Array("Git tree '".utf8) + repository.path + Array("' is dirty".utf8)
        } else {
            result.revision = head ?? Self.noRevision
            result.reference = try repository.line(["symbolic-ref", "--quiet", "HEAD"])
            if try !input.flag("shallow") {
                result.revisionCount = try head.map { commit throws(FetchError) in try count(commit) } ?? .known(0)
            }
        }
        return result
    }

    private func isChanged(submodules: Bool) throws(FetchError) -> Bool {
        var pending = [repository]
        while let next = pending.popLast() {
            // Submodules are checked separately, so that nothing in their own configuration is run either.
            let status = try next.run([
                "status", "--porcelain", "--untracked-files=no",
                submodules ? "--ignore-submodules=dirty" : "--ignore-submodules=all",
            ])
            if !status.isEmpty { return true }
            if submodules { pending += try next.submodules() }
        }
        return false
    }

    /// The tracked files and their directories, as paths in the work tree.
    private func trackedPaths(submodules: Bool, exportIgnore: Bool) throws(FetchError) -> Set<[UInt8]> {
        let words = ["ls-files", "--stage", "-z"] + (submodules ? ["--recurse-submodules"] : [])
        var files: [[UInt8]] = []
        for line in try repository.run(words).split(separator: 0) {
            guard let tab = line.firstIndex(of: UInt8(ascii: "\t")), !line.starts(with: Array("160000".utf8)) else {
                continue
            }
            files.append(Array(line[(tab + 1)...]))
        }
        var directories: Set<[UInt8]> = [repository.path]
        for file in files {
            var directory = file
            while let slash = directory.lastIndex(of: CanonPath.slash) {
                directory = Array(directory[..<slash])
                guard directories.insert(repository.path + [CanonPath.slash] + directory).inserted else { break }
            }
        }
        try repository.checkAttributes(in: directories)
        let ignored = exportIgnore ? try ignoredPaths(files) : []
        var accepted: Set<[UInt8]> = []
        for file in files {
            var parts: [[UInt8]] = []
            var path: [UInt8] = []
            for component in CanonPath.components(file) {
                path += (path.isEmpty ? [] : [CanonPath.slash]) + component
                parts.append(path)
            }
            if parts.contains(where: { ignored.contains($0) }) { continue }
            for part in parts { accepted.insert(repository.path + [CanonPath.slash] + part) }
        }
        return accepted
    }

    /// The files, and directories of them, that have the attribute `export-ignore`.
    private func ignoredPaths(_ files: [[UInt8]]) throws(FetchError) -> Set<[UInt8]> {
        guard files.contains(where: { CanonPath.baseName(of: $0) == Array(".gitattributes".utf8) }) else { return [] }
        var asked: Set<[UInt8]> = []
        for file in files {
            var path = file
            while asked.insert(path).inserted, let slash = path.lastIndex(of: CanonPath.slash) {
                path = Array(path[..<slash])
            }
        }
        let input = Array(asked.joined(separator: [0])) + [0]
        let answer = try repository.run(["check-attr", "-z", "--stdin", "export-ignore"], input: input)
        let fields = answer.split(separator: 0, omittingEmptySubsequences: false)
        var ignored: Set<[UInt8]> = []
        for index in stride(from: 0, to: fields.count - 2, by: 3) where fields[index + 2] == Array("set".utf8)[...] {
            ignored.insert(Array(fields[index]))
        }
        return ignored
    }
}

extension Fetcher {
    /// Makes a Git repository know a file that was written to its work tree, so that it belongs to what is fetched.
    public func track(_ file: [UInt8], inRepository path: [UInt8]) throws(FetchError) {
        var repository = GitRepository(path: path, io: io, proceed: proceed)
        try repository.disableFilters()
        try repository.track(file)
    }
}
