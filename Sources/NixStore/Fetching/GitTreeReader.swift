/// Reads the files of a commit exactly as they are stored, without conversion of line endings, keywords or large files.
struct GitTreeReader {
    let repository: GitRepository

    func tree(of commit: [UInt8], exportIgnore: Bool, submodules: Bool) throws(FetchError) -> MemoryTree {
        var tree = MemoryTree()
        var pending = [(repository: repository, commit: commit, path: [[UInt8]]())]
        while let next = pending.popLast() {
            let entries = try next.repository.entries(of: next.commit)
            try check(entries, of: next.repository)
            let exported = exportIgnore ? try exported(entries, next.repository, next.commit) : nil
            let selected = entries.filter { exported?.contains($0.path) ?? true }
            try put(selected, from: next.repository, at: next.path, into: &tree)
            guard submodules else { continue }
            for entry in selected where entry.isSubmodule {
                let found = try submodule(entry, of: next.repository)
                pending.append((found, entry.object, next.path + CanonPath.components(entry.path)))
            }
        }
        return tree
    }

    /// Rejects entries that cannot exist in a directory, because Git stores arbitrary bytes as names.
    private func check(_ entries: [GitRepository.Entry], of repository: GitRepository) throws(FetchError) {
        let trees = Set(entries.lazy.filter { $0.isTree }.map { $0.path })
        for entry in entries {
            let parts = entry.path.split(separator: CanonPath.slash, omittingEmptySubsequences: false)
            let isOdd = parts.contains { $0.isEmpty || CanonPath.isDot(Array($0)) || CanonPath.isDotDot(Array($0)) }
            let parent = entry.path.lastIndex(of: CanonPath.slash).map { Array(entry.path[..<$0]) }
            if isOdd || parent.map({ !trees.contains($0) }) ?? false {
                throw FetchError(
                    .invalid, "a commit of the repository '", repository.path, "' has an entry with the invalid name '",
                    entry.path, "'")
            }
        }
    }

    private func put(
        _ entries: [GitRepository.Entry], from repository: GitRepository, at base: [[UInt8]],
        into tree: inout MemoryTree
    ) throws(FetchError) {
        var conflict: MemoryTree.Conflict?
        func store(_ entry: GitRepository.Entry, _ contents: [UInt8]) {
            let path = base + CanonPath.components(entry.path)
            do throws(MemoryTree.Conflict) {
                if entry.isLink {
                    try tree.putLink(path, contents)
                } else {
                    try tree.putFile(path, contents, isExecutable: entry.isExecutable)
                }
            } catch {
                conflict = error
            }
        }
        let files = entries.filter { !$0.isTree && !$0.isSubmodule }
        for entry in entries where entry.isTree || entry.isSubmodule {
            do throws(MemoryTree.Conflict) {
                try tree.putDirectory(base + CanonPath.components(entry.path))
            } catch {
                conflict = error
            }
        }
        let blobs = try contents(of: files, repository)
        for (entry, contents) in zip(files, blobs) { store(entry, contents) }
        if conflict != nil {
            throw FetchError(.invalid, "a commit of the repository '", repository.path, "' has a damaged tree")
        }
    }

    private func contents(
        of files: [GitRepository.Entry], _ repository: GitRepository
    ) throws(FetchError) -> [[UInt8]] {
        if files.isEmpty { return [] }
        var blobs: [[UInt8]] = []
        var isComplete = true
        var reader = GitBlobReader { bytes in
            if bytes == nil { isComplete = false }
            blobs.append(bytes ?? [])
        }
        let input = files.flatMap { $0.object + [UInt8(ascii: "\n")] }
        unsafe try repository.read(["cat-file", "--batch"], input: input) { piece in unsafe reader.feed(piece) }
        guard isComplete, blobs.count == files.count else {
            throw FetchError(.invalid, "the repository '", repository.path, "' lacks objects of the commit")
        }
        return blobs
    }

    /// The paths that `git archive` exports; nil if no attribute excludes any.
    private func exported(
        _ entries: [GitRepository.Entry], _ repository: GitRepository, _ commit: [UInt8]
    ) throws(FetchError) -> Set<[UInt8]>? {
        let attributes = entries.filter { CanonPath.baseName(of: $0.path) == Array(".gitattributes".utf8) }
        let mentions = try contents(of: attributes, repository).contains {
            String(decoding: $0, as: UTF8.self).contains("export-ignore")
        }
        if !mentions { return nil }
        var tar = TarReader(proceed: proceed)
        var failure: UnpackError?
        unsafe try repository.read(["archive", "--format=tar"], [commit]) { piece in
            do throws(UnpackError) { try unsafe tar.feed(piece) } catch { failure = failure ?? error }
        }
        if failure != nil {
            throw FetchError(
                .invalid, "what 'git archive' writes for the repository '", repository.path, "' is damaged")
        }
        let tree = tar.tree
        return Set(entries.map { $0.path }.filter { ((try? tree.fileType([CanonPath.slash] + $0)) ?? nil) != nil })
    }

    private var proceed: (Int) -> Bool { repository.proceed }

    /// The repository that contains the commit of a submodule: its work tree, or Git's copy of it.
    private func submodule(
        _ entry: GitRepository.Entry, of parent: GitRepository
    ) throws(FetchError) -> GitRepository {
        let candidates = [
            parent.path + [CanonPath.slash] + entry.path, parent.path + Array("/.git/modules/".utf8) + entry.path,
        ]
        for path in candidates {
            let candidate = GitRepository(path: path, io: parent.io, proceed: proceed)
            let isThere = (try? parent.io.pathExists(path)) == true
            if isThere, try candidate.commit(entry.object) == entry.object { return candidate }
        }
        throw FetchError(
            .restricted, "the submodule '", entry.path, "' of the repository '", parent.path,
            "' is not here; run 'git submodule update --init --recursive' in it")
    }
}
