/// What lies in a repository, looked at before `git` reads it.
extension GitRepository {
    /// Refuses FIFOs and devices among the repository's own files: `git` would wait for their other end for ever.
    func checkFiles() throws(FetchError) {
        var pending = try directories()
        while let directory = pending.popLast() {
            for entry in try reading({ () throws(EvalIOError) in try io.readDirectory(directory) }) {
                guard proceed(entry.name.count) else { throw .stopped }
                let place = directory + [CanonPath.slash] + entry.name
                switch entry.type {
                case .directory: pending.append(place)
                case .regular: break
                case .symlink, .unknown: try checkFile(place)
                }
            }
        }
    }

    /// Refuses FIFOs and devices where `git` looks for attributes in a work tree.
    ///
    /// - Parameter directories: those in which it looks.
    func checkAttributes(in directories: some Sequence<[UInt8]>) throws(FetchError) {
        for directory in directories {
            for name in [".gitattributes", ".gitignore", ".gitmodules"] {
                try checkFile(directory + [CanonPath.slash] + Array(name.utf8))
            }
        }
    }

    /// The repository's own directory, and with a work tree beside others the one that they share.
    private func directories() throws(FetchError) -> [[UInt8]] {
        let inner = path + Array("/.git".utf8)
        switch try type(inner) {
        case .directory: return [inner]
        case nil:
            // A bare repository is its own directory. Anything else is none, as `git` will say.
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

    /// The directory that a file of one line names; nil when it names none.
    private func reference(
        _ file: [UInt8], _ prefix: String, relativeTo base: [UInt8]
    ) throws(FetchError) -> [UInt8]? {
        guard try type(file) == .regular else { return nil }
        let text = try reading { () throws(EvalIOError) in try io.readFile(file, limit: 1 << 14) }
        guard text.starts(with: Array(prefix.utf8)) else { return nil }
        let name = text.dropFirst(prefix.utf8.count).prefix { $0 != UInt8(ascii: "\n") && $0 != 0 }
        let place = CanonPath.absolute(Array(name), relativeTo: base)
        return try type(place) == .directory ? place : nil
    }

    private func checkFile(_ place: [UInt8]) throws(FetchError) {
        // What watches the work tree for `git` listens there; it is not opened.
        if place.starts(with: path), CanonPath.baseName(of: place) == Array("fsmonitor--daemon.ipc".utf8) { return }
        let target = try reading { () throws(EvalIOError) in try io.resolveSymlinks(place, .full) }
        if try type(target) == .unknown {
            throw FetchError(.invalid, "the file '", place, "' of a Git repository is neither a file nor a directory")
        }
    }

    private func type(_ place: [UInt8]) throws(FetchError) -> FileType? {
        try reading { () throws(EvalIOError) in try io.fileType(place) }
    }

    private func reading<Result>(_ body: () throws(EvalIOError) -> Result) throws(FetchError) -> Result {
        do throws(EvalIOError) {
            return try body()
        } catch {
            throw FetchError(error)
        }
    }
}
