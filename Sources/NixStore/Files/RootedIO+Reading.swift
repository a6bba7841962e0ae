import MessageText

extension RootedIO {
    public func readFile(_ path: [UInt8], limit: Int) throws(EvalIOError) -> [UInt8] {
        let limit = min(limit, limits.maximumFileSize)
        switch try locate(path, .full) {
        case .bundle:
            guard let contents = bundle.file(path) else {
                throw EvalIOError(bundle.fileType(path) == nil ? .notFound : .notARegularFile, path: path)
            }
            if contents.count > limit { throw EvalIOError(.tooLarge(limit: limit), path: path) }
            return contents
        case .root(_, .missing): throw EvalIOError(.notFound, path: path)
        case .root(_, .entry(let parent, let name, .regular, _)):
            let file = try EvalIOError.wrapping(path, "opening file") { () throws(SystemError) in
                try parent.openEntry(name, directory: false)
            }
            return try file.contents(path, limit: limit)
        case .root: throw EvalIOError(.notARegularFile, path: path)
        }
    }

    public func streamFile(
        _ path: [UInt8], begin: (FileProperties) -> Void, piece: (UnsafeRawBufferPointer) -> Bool
    ) throws(EvalIOError) {
        switch try locate(path, .ancestors) {
        case .bundle:
            guard let contents = bundle.file(path) else {
                throw EvalIOError(bundle.fileType(path) == nil ? .notFound : .notARegularFile, path: path)
            }
            begin(FileProperties(size: contents.count, isExecutable: false))
            _ = unsafe contents.withUnsafeBytes { unsafe piece($0) }
        case .root(_, .missing): throw EvalIOError(.notFound, path: path)
        case .root(_, .entry(let parent, let name, .regular, _)):
            let file = try EvalIOError.wrapping(path, "opening file") { () throws(SystemError) in
                try parent.openEntry(name, directory: false)
            }
            unsafe try file.stream(path, begin: begin, piece: piece)
        case .root: throw EvalIOError(.notARegularFile, path: path)
        }
    }

    public func readDirectory(_ path: [UInt8]) throws(EvalIOError) -> [DirectoryEntry] {
        switch try locate(path, .full) {
        case .bundle:
            guard let entries = bundle.entries(path) else {
                throw EvalIOError(bundle.fileType(path) == nil ? .notFound : .notADirectory, path: path)
            }
            return entries
        case .root(_, .missing): throw EvalIOError(.notFound, path: path)
        case .root(_, .directory(let directory, _)):
            return try directory.entries(path, limit: limits.maximumDirectoryEntries)
        case .root: throw EvalIOError(.notADirectory, path: path)
        }
    }

    public func fileType(_ path: [UInt8]) throws(EvalIOError) -> FileType? {
        switch try locate(path, .ancestors) {
        case .bundle: bundle.fileType(path)
        case .root(_, .missing): nil
        case .root(_, .directory): .directory
        case .root(_, .entry(_, _, let type, _)): type
        }
    }

    public func readLink(_ path: [UInt8]) throws(EvalIOError) -> [UInt8] {
        switch try locate(path, .ancestors) {
        case .bundle:
            throw EvalIOError(bundle.fileType(path) == nil ? .notFound : .notASymlink, path: path)
        case .root(_, .missing): throw EvalIOError(.notFound, path: path)
        case .root(_, .entry(let parent, let name, .symlink, _)):
            return try EvalIOError.wrapping(path, "reading symbolic link") { () throws(SystemError) in
                try parent.readLink(name)
            }
        case .root: throw EvalIOError(.notASymlink, path: path)
        }
    }

    public func resolveSymlinks(_ path: [UInt8], _ resolution: SymlinkResolution) throws(EvalIOError) -> [UInt8] {
        switch try locate(path, resolution) {
        case .bundle: path
        // A missing path may contain symbolic links, but nothing can be read through it.
        case .root(_, .missing): path
        case .root(let root, .directory(_, let below)), .root(let root, .entry(_, _, _, let below)):
            root.isEmpty && below.isEmpty ? [CanonPath.slash] : below.reduce(root) { $0 + [CanonPath.slash] + $1 }
        }
    }

    private enum Location {
        /// A path in the bundle, which has no symbolic links.
        case bundle
        /// A path in the root that is visible at this path.
        case root([UInt8], RootWalk.Resolved)
    }

    private func locate(_ path: [UInt8], _ resolution: SymlinkResolution) throws(EvalIOError) -> Location {
        if path.contains(0) {
            throw EvalIOError(.invalidPath, path: path.flatMap { $0 == 0 ? Array("␀".utf8) : [$0] })
        }
        let path = CanonPath.canonicalize(path)
        if CanonPath.isInside(path, Self.bundlePath) { return .bundle }
        let components = CanonPath.components(path)
        let root = components.count >= 2 ? CanonPath.join(Array(components[..<2])) : nil
        if let root, let walk = walks[root] {
            return .root(root, try walk.find(Array(components[2...]), resolution, shown: path))
        }
        if let whole = walks[[]] { return .root([], try whole.find(components, resolution, shown: path)) }
        guard components.count >= 2, CanonPath.isInside(path, Self.rootsPath) else {
            throw EvalIOError.outsideRoots(path, "no root holds it; a job reads /roots/NAME and /job")
        }
        throw EvalIOError.outsideRoots(
            path, "no root holds it; the job has no root '\(MessageText.shortened(components[1]))'")
    }
}
