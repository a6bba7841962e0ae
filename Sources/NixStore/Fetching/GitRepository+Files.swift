/// Checks of a repository's files before `git` reads them.
extension GitRepository {
    /// Rejects FIFOs and devices among the repository's own files, for which `git` would wait forever.
    func checkFiles() throws(FetchError) {
        var pending = try directories()
        while let directory = pending.popLast() {
            for entry in try reading({ () throws(EvalIOError) in try io.readDirectory(directory) }) {
                guard proceed(entry.name.count) else { throw .stopped }
                let file = directory + [CanonPath.slash] + entry.name
                switch entry.type {
                case .directory: pending.append(file)
                case .regular: break
                case .symlink, .unknown: try checkFile(file)
                }
            }
        }
    }

    /// Rejects FIFOs and devices among the files of a work tree in which `git` looks for attributes.
    ///
    /// - Parameter directories: the directories in which `git` looks.
    func checkAttributes(in directories: some Sequence<[UInt8]>) throws(FetchError) {
        for directory in directories {
            for name in [".gitattributes", ".gitignore", ".gitmodules"] {
                try checkFile(directory + [CanonPath.slash] + Array(name.utf8))
            }
        }
    }

    /// The repository's own directories: one, or for a linked work tree also the one that it shares.
    private func directories() throws(FetchError) -> [[UInt8]] {
        let inner = path + Array("/.git".utf8)
        switch try type(inner) {
        case .directory: return [inner]
        case nil:
            // A bare repository is its own directory. In any other case `git` will report the error.
            return try type(path + Array("/objects".utf8)) == .directory ? [path] : []
        case .regular:
            guard let own = try reference(inner, "gitdir: ", relativeTo: path) else { return [] }
            let shared = try reference(own + Array("/commondir".utf8), "", relativeTo: own)
            return [own] + (shared.map { [$0] } ?? [])
        case .symlink, .unknown:
            try checkFile(inner)
            let target = try reading { () throws(EvalIOError) in try io.resolveSymlinks(inner, .full) }
            return try type(target) == .directory ? [target] : []
        }
    }

    /// The directory that a file of one line refers to; nil if there is none.
    private func reference(
        _ file: [UInt8], _ prefix: String, relativeTo base: [UInt8]
    ) throws(FetchError) -> [UInt8]? {
        guard try type(file) == .regular else { return nil }
        let text = try reading { () throws(EvalIOError) in try io.readFile(file, limit: 1 << 14) }
        guard text.starts(with: Array(prefix.utf8)) else { return nil }
        let name = text.dropFirst(prefix.utf8.count).prefix { $0 != UInt8(ascii: "\n") && $0 != 0 }
        let directory = CanonPath.absolute(Array(name), relativeTo: base)
        return try type(directory) == .directory ? directory : nil
    }

    private func checkFile(_ file: [UInt8]) throws(FetchError) {
        // The socket of Git's file system monitor, which is not opened.
        if file.starts(with: path), CanonPath.baseName(of: file) == Array("fsmonitor--daemon.ipc".utf8) { return }
        let target = try reading { () throws(EvalIOError) in try io.resolveSymlinks(file, .full) }
        if try type(target) == .unknown {
            throw FetchError(.invalid, "the file '", file, "' of a Git repository is neither a file nor a directory")
        }
    }

    private func type(_ file: [UInt8]) throws(FetchError) -> FileType? {
        try reading { () throws(EvalIOError) in try io.fileType(file) }
    }

    private func reading<Result>(_ body: () throws(EvalIOError) -> Result) throws(FetchError) -> Result {
        do throws(EvalIOError) {
            return try body()
        } catch {
            throw FetchError(error)
        }
    }
}
