import Glibc

/// Gives access to named read-only directories (roots) and the files of a job (its bundle), and to nothing else.
///
/// On every machine, a root named `lib` is visible at `/roots/lib`, and the bundle at `/job`. Symbolic links are
/// followed if they are relative and stay inside their root. There is no environment, clock or home directory.
///
/// A root named `/` is visible at its own paths, so that one whose directory is `/` shows all files of the machine where
/// they are. The other roots and the bundle are in front of it.
public struct RootedIO: EvalIO {
    /// The directory of all roots: `/roots`.
    public static let rootsPath = Array("/roots".utf8)
    /// The directory of the bundle, `/job`, which relative paths in a job's source are relative to.
    public static let bundlePath = Array("/job".utf8)
    /// The name of the root that is visible at its own paths.
    public static let wholeName = "/"

    /// A directory with the name under which jobs see it.
    public struct Root: Sendable {
        public var name: String
        /// The directory on this machine.
        public var directory: [UInt8]

        public init(name: String, directory: [UInt8]) {
            self.name = name
            self.directory = directory
        }

        /// The path at which jobs see the root.
        ///
        /// It is empty for the root `/`, so that a slash and a path below the root can follow in any case.
        public var path: [UInt8] {
            name == RootedIO.wholeName ? [] : RootedIO.rootsPath + [CanonPath.slash] + Array(name.utf8)
        }
    }

    let walks: [[UInt8]: RootWalk]
    let bundle: BundleTree
    let limits: ReadLimits

    /// Opens the roots and takes over the files of the bundle.
    public init(roots: [Root], bundle: [BundleFile] = [], limits: ReadLimits = ReadLimits()) throws(RootedIOError) {
        var walks: [[UInt8]: RootWalk] = [:]
        for root in roots {
            guard Self.isValidName(root.name) else { throw .invalidRootName(root.name) }
            guard walks[root.path] == nil else { throw .duplicateRoot(root.name) }
            do {
                walks[root.path] = RootWalk(
                    root: try DescriptorHandle.open(root.directory, directory: true), isWhole: root.path.isEmpty)
            } catch {
                let reason = EvalIOError(errno: error.code, path: root.directory, action: "opening directory")
                throw .unreadableRoot(root.name, reason)
            }
        }
        self.walks = walks
        self.bundle = try BundleTree(bundle, base: Self.bundlePath)
        self.limits = limits
    }

    /// The same open roots with the files of another job.
    public func withBundle(_ files: [BundleFile]) throws(RootedIOError) -> RootedIO {
        RootedIO(walks: walks, bundle: try BundleTree(files, base: Self.bundlePath), limits: limits)
    }

    /// Only the open roots with the given names, with the files of a job. Unknown names are ignored.
    public func restricted(
        to names: some Sequence<String>, bundle files: [BundleFile]
    ) throws(RootedIOError) -> RootedIO {
        var kept: [[UInt8]: RootWalk] = [:]
        for name in names {
            let path = Root(name: name, directory: []).path
            kept[path] = walks[path]
        }
        return RootedIO(walks: kept, bundle: try BundleTree(files, base: Self.bundlePath), limits: limits)
    }

    private init(walks: [[UInt8]: RootWalk], bundle: BundleTree, limits: ReadLimits) {
        self.walks = walks
        self.bundle = bundle
        self.limits = limits
    }

    /// Whether a root may have a name: letters, digits, `.`, `_`, `+` and `-`, except `.` and `..`, or `/` alone.
    public static func isValidName(_ name: String) -> Bool {
        if name == wholeName { return true }
        if name.isEmpty || name == "." || name == ".." || name.utf8.count > 255 { return false }
        return name.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "+", "-": true
            default: false
            }
        }
    }

    public var isPure: Bool { true }
    public var hasFixedContents: Bool { true }
    public var homeDirectory: [UInt8]? { nil }
    public func environmentVariable(_ name: [UInt8]) -> [UInt8]? { nil }
    public func currentTime() -> Int64? { nil }
}
