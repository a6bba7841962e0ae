import Glibc

/// Reads this machine's files as the user may, as Nix does. For the command line.
public struct LocalIO: EvalIO {
    public let isPure: Bool
    /// What may be read: these canonical paths and what lies below them; nil for everything.
    let allowedPaths: [[UInt8]]?
    let limits: ReadLimits

    /// - Parameters:
    ///   - isPure: hides environment, clock and home directory.
    ///   - allowedPaths: the only paths, with what lies below, that may be read; nil for no restriction. Links must
    ///     lead to allowed paths too.
    public init(isPure: Bool = false, allowedPaths: [[UInt8]]? = nil, limits: ReadLimits = ReadLimits()) {
        self.isPure = isPure
        self.allowedPaths = allowedPaths?.map(CanonPath.canonicalize)
        self.limits = limits
    }

    public func readFile(_ path: [UInt8], limit: Int) throws(EvalIOError) -> [UInt8] {
        try check(path, .full)
        // What a device does when it is opened is not ours to cause: look first, and again once it is open.
        // With allowed paths, what is looked at must be what was checked: the path without links.
        let target = allowedPaths == nil ? path : try resolveSymlinks(path, .full)
        let status = try EvalIOError.wrapping(path, "opening file") { () throws(SystemError) in
            try DescriptorHandle.status(at: AT_FDCWD, target, followsLinks: true)
        }
        guard status.fileType == .regular else { throw EvalIOError(.notARegularFile, path: path) }
        let file = try EvalIOError.wrapping(path, "opening file") { () throws(SystemError) in
            try DescriptorHandle.open(target, directory: false)
        }
        return try file.contents(path, limit: min(limit, limits.maximumFileSize))
    }

    public func streamFile(
        _ path: [UInt8], begin: (FileFacts) -> Void, piece: (UnsafeRawBufferPointer) -> Bool
    ) throws(EvalIOError) {
        guard let type = try fileType(path) else { throw EvalIOError(.notFound, path: path) }
        guard type == .regular else { throw EvalIOError(.notARegularFile, path: path) }
        let file = try EvalIOError.wrapping(path, "opening file") { () throws(SystemError) in
            try DescriptorHandle.openUnfollowed(path)
        }
        unsafe try file.stream(path, begin: begin, piece: piece)
    }

    public func readDirectory(_ path: [UInt8]) throws(EvalIOError) -> [DirectoryEntry] {
        try check(path, .full)
        // A directory that is reached without a link as its last component is the common case: then nothing is to be
        // resolved here, which would take steps in proportion to the path's length for every level of a tree.
        let isPlain = allowedPaths == nil && (try? fileType(path)) == .directory
        let target = isPlain ? path : try resolveSymlinks(path, .full)
        if isMissingStore(target) { return [] }
        guard let type = try fileType(target) else { throw EvalIOError(.notFound, path: path) }
        guard type == .directory else { throw EvalIOError(.notADirectory, path: path) }
        let directory = try EvalIOError.wrapping(path, "opening directory") { () throws(SystemError) in
            try DescriptorHandle.open(target, directory: true)
        }
        return try directory.entries(path, limit: limits.maximumDirectoryEntries)
    }

    public func fileType(_ path: [UInt8]) throws(EvalIOError) -> FileType? {
        try check(path, .ancestors)
        do {
            return try DescriptorHandle.status(at: AT_FDCWD, path).fileType
        } catch {
            // A name too long for the file system is one that does not exist.
            if [ENOENT, ENOTDIR, ENAMETOOLONG].contains(error.code) { return isStore(path) ? .directory : nil }
            throw EvalIOError(errno: error.code, path: path, action: "getting status of")
        }
    }

    /// Whether a path is the store's folder, which is there for every evaluation of Nix: it mounts its store there.
    private func isStore(_ path: [UInt8]) -> Bool { !isPure && path == Array("/nix/store".utf8) }

    private func isMissingStore(_ path: [UInt8]) -> Bool {
        guard isStore(path) else { return false }
        do {
            _ = try DescriptorHandle.status(at: AT_FDCWD, path)
            return false
        } catch { return error.code == ENOENT }
    }

    public func readLink(_ path: [UInt8]) throws(EvalIOError) -> [UInt8] {
        try check(path, .ancestors)
        do {
            return try DescriptorHandle.readLink(at: AT_FDCWD, path)
        } catch {
            if error.code == EINVAL { throw EvalIOError(.notASymlink, path: path) }
            throw EvalIOError(errno: error.code, path: path, action: "reading symbolic link")
        }
    }

    public func resolveSymlinks(_ path: [UInt8], _ resolution: SymlinkResolution) throws(EvalIOError) -> [UInt8] {
        try validate(path)
        var resolved: [[UInt8]] = []
        var remaining = Array(CanonPath.components(path).reversed())
        var linksLeft = Self.maximumLinks
        while let component = remaining.popLast() {
            if CanonPath.isDot(component) { continue }
            if CanonPath.isDotDot(component) {
                _ = resolved.popLast()
                continue
            }
            resolved.append(component)
            if resolution == .ancestors && remaining.isEmpty { break }
            guard let target = try linkTarget(CanonPath.join(resolved)) else { continue }
            linksLeft -= 1
            if linksLeft < 0 { throw EvalIOError(.tooManyLinks, path: path) }
            if target.first == CanonPath.slash { resolved = [] } else { resolved.removeLast() }
            remaining.append(contentsOf: CanonPath.components(target).reversed())
        }
        return CanonPath.join(resolved)
    }

    /// Nix's bound on links in one path.
    static let maximumLinks = 1024

    /// The target of the link at `path`; nil if there is no link.
    private func linkTarget(_ path: [UInt8]) throws(EvalIOError) -> [UInt8]? {
        do {
            return try DescriptorHandle.readLink(at: AT_FDCWD, path)
        } catch {
            if [EINVAL, ENOENT, ENOTDIR, ENAMETOOLONG].contains(error.code) { return nil }
            throw EvalIOError(errno: error.code, path: path, action: "getting status of")
        }
    }

    public func modificationTime(_ path: [UInt8]) throws(EvalIOError) -> Int64 {
        try check(path, .ancestors)
        return try EvalIOError.wrapping(path, "getting status of") { () throws(SystemError) in
            Int64(try DescriptorHandle.status(at: AT_FDCWD, path).st_mtim.tv_sec)
        }
    }

    public func run(
        _ command: Command, output: (UnsafeRawBufferPointer) -> Bool
    ) throws(CommandError) { unsafe try command.run(output: output) }

    public func environmentVariable(_ name: [UInt8]) -> [UInt8]? {
        if isPure || name.contains(0) { return nil }
        guard let value = unsafe getenv(name.cPath) else { return nil }
        return unsafe Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
    }

    /// `$HOME`; without it, the directory of the user in the system's user database.
    public var homeDirectory: [UInt8]? {
        if isPure { return nil }
        if let home = environmentVariable(Array("HOME".utf8)), home.first == CanonPath.slash {
            return CanonPath.canonicalize(home)
        }
        guard let entry = unsafe getpwuid(geteuid()), let directory = unsafe entry.pointee.pw_dir else { return nil }
        return unsafe Array(UnsafeRawBufferPointer(start: directory, count: strlen(directory)))
    }

    public func currentTime() -> Int64? {
        isPure ? nil : Int64(time(nil))
    }

    private func validate(_ path: [UInt8]) throws(EvalIOError) {
        if path.contains(0) {
            let shown = path.flatMap { $0 == 0 ? Array("␀".utf8) : [$0] }
            throw EvalIOError(.invalidPath, path: shown)
        }
    }

    /// Throws unless the path, as written and once links are followed, is allowed.
    private func check(_ path: [UInt8], _ resolution: SymlinkResolution) throws(EvalIOError) {
        try validate(path)
        guard let allowedPaths else { return }
        let resolved = try resolveSymlinks(path, resolution)
        for candidate in [path, resolved] where !allowedPaths.contains(where: { CanonPath.isInside(candidate, $0) }) {
            throw EvalIOError.outsideRoots(path)
        }
    }
}
