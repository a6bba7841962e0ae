import Glibc

/// Reads the files of this machine with the user's permissions, like Nix. It is for the command line.
public struct LocalIO: EvalIO {
    public let isPure: Bool
    /// The canonical paths that may be read, with everything below them; nil for no restriction.
    let allowedPaths: [[UInt8]]?
    /// Whether the evaluation is restricted as by Nix's setting `restrict-eval`.
    let isRestricted: Bool
    /// Whether only the store can be read, as in a pure evaluation of Nix.
    private let readsStoreOnly: Bool
    let limits: ReadLimits

    /// Reads nothing but the store, as a pure evaluation of Nix.
    public static func storeOnly() -> LocalIO { LocalIO(readsStoreOnly: true) }

    private init(readsStoreOnly: Bool) {
        isPure = true
        allowedPaths = [StorePath.directory]
        isRestricted = false
        self.readsStoreOnly = readsStoreOnly
        limits = ReadLimits()
    }

    /// - Parameters:
    ///   - isPure: whether environment, clock and home directory are hidden.
    ///   - allowedPaths: the only paths that may be read, with everything below them; nil for no restriction. Symbolic
    ///     links must also lead to allowed paths.
    ///   - isRestricted: whether `allowedPaths` are those of Nix's setting `restrict-eval`. Then the directories that
    ///     lead to them can be seen, without their other entries, and the environment is hidden.
    ///   - limits: the limits of single calls.
    public init(
        isPure: Bool = false, allowedPaths: [[UInt8]]? = nil, isRestricted: Bool = false,
        limits: ReadLimits = ReadLimits()
    ) {
        self.isPure = isPure
        self.allowedPaths = allowedPaths?.map(CanonPath.canonicalize)
        self.isRestricted = isRestricted
        readsStoreOnly = false
        self.limits = limits
    }

    public func readFile(_ path: [UInt8], limit: Int) throws(EvalIOError) -> [UInt8] {
        try check(path, .full)
        // Opening a device can have side effects, so the type is checked before and after opening. With allowed paths,
        // the path without symbolic links is used, because that is the one that was checked.
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
        _ path: [UInt8], begin: (FileProperties) -> Void, piece: (UnsafeRawBufferPointer) -> Bool
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
        // Usually the last component is not a symbolic link. Nothing needs to be resolved then, which would take time
        // proportional to the path's length at every level of a tree.
        let isPlain = allowedPaths == nil && (try? fileType(path)) == .directory
        let target = isPlain ? path : try resolveSymlinks(path, .full)
        if isMissingStore(target) { return [] }
        guard let type = try fileType(target) else { throw EvalIOError(.notFound, path: path) }
        guard type == .directory else { throw EvalIOError(.notADirectory, path: path) }
        let directory = try EvalIOError.wrapping(path, "opening directory") { () throws(SystemError) in
            try DescriptorHandle.open(target, directory: true)
        }
        let entries = try directory.entries(path, limit: limits.maximumDirectoryEntries)
        guard isRestricted else { return entries }
        return entries.filter { isAllowed(CanonPath.absolute($0.name, relativeTo: target)) }
    }

    public func fileType(_ path: [UInt8]) throws(EvalIOError) -> FileType? {
        try check(path, .ancestors)
        do {
            return try DescriptorHandle.status(at: AT_FDCWD, path).fileType
        } catch {
            // A name that is too long for the file system does not exist.
            if [ENOENT, ENOTDIR, ENAMETOOLONG].contains(error.code) { return isStore(path) ? .directory : nil }
            throw EvalIOError(errno: error.code, path: path, action: "getting status of")
        }
    }

    /// Whether a path is the store's directory. It exists for every evaluation in Nix, which mounts its store there.
    private func isStore(_ path: [UInt8]) -> Bool { !isPure && path == StorePath.directory }

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

    /// Nix's limit on the symbolic links in one path.
    static let maximumLinks = 1024

    /// The target of the symbolic link at `path`; nil if there is none.
    private func linkTarget(_ path: [UInt8]) throws(EvalIOError) -> [UInt8]? {
        do {
            return try DescriptorHandle.readLink(at: AT_FDCWD, path)
        } catch {
            if [EINVAL, ENOENT, ENOTDIR, ENAMETOOLONG].contains(error.code) { return nil }
            throw EvalIOError(errno: error.code, path: path, action: "getting status of")
        }
    }

    public func identity(_ path: [UInt8]) -> FileIdentity? {
        guard allowedPaths == nil, (try? validate(path)) != nil,
            let status = try? DescriptorHandle.status(at: AT_FDCWD, path, followsLinks: true),
            status.fileType == .regular, status.st_size <= limits.maximumFileSize
        else { return nil }
        return FileIdentity(status)
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
        isPure || isRestricted ? nil : variable(name)
    }

    private func variable(_ name: [UInt8]) -> [UInt8]? {
        if name.contains(0) { return nil }
        guard let value = unsafe getenv(name.cPath) else { return nil }
        return unsafe Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
    }

    /// The value of `$HOME`; if it is not set, the directory in the system's user database.
    public var homeDirectory: [UInt8]? {
        if isPure { return nil }
        if let home = variable(Array("HOME".utf8)), home.first == CanonPath.slash {
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

    /// Checks that the path is allowed, both as written and with symbolic links resolved.
    private func check(_ path: [UInt8], _ resolution: SymlinkResolution) throws(EvalIOError) {
        try validate(path)
        guard allowedPaths != nil else { return }
        let resolved = try resolveSymlinks(path, resolution)
        for candidate in [path, resolved] where !isAllowed(candidate) {
            if readsStoreOnly { throw EvalIOError.impure(path) }
            throw isRestricted ? EvalIOError.restricted(path) : EvalIOError.outsideRoots(path)
        }
    }

    private func isAllowed(_ path: [UInt8]) -> Bool {
        guard let allowedPaths else { return true }
        return allowedPaths.contains {
            CanonPath.isInside(path, $0) || isRestricted && CanonPath.isInside($0, path)
        }
    }
}
