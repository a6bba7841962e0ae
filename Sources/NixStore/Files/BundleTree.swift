/// The files of a bundle and their directories, by canonical path.
struct BundleTree: Sendable {
    private var files: [[UInt8]: [UInt8]] = [:]
    private var directories: [[UInt8]: [DirectoryEntry]] = [:]

    /// - Parameters:
    ///   - bundle: the files.
    ///   - base: the canonical path of the bundle's directory, which exists even if there are no files.
    /// - Throws: an error if a path is invalid, or if two conflict.
    init(_ bundle: [BundleFile], base: [UInt8]) throws(RootedIOError) {
        directories[base] = []
        for file in bundle {
            try insert(file, base: base)
        }
        for path in directories.keys {
            directories[path]?.sort { $0.name.lexicographicallyPrecedes($1.name) }
        }
    }

    func file(_ path: [UInt8]) -> [UInt8]? { files[path] }

    func entries(_ path: [UInt8]) -> [DirectoryEntry]? { directories[path] }

    func fileType(_ path: [UInt8]) -> FileType? {
        if files[path] != nil { return .regular }
        return directories[path] == nil ? nil : .directory
    }

    private mutating func insert(_ file: BundleFile, base: [UInt8]) throws(RootedIOError) {
        let components = file.path.split(separator: CanonPath.slash, omittingEmptySubsequences: false)
        for component in components {
            let isName = !component.isEmpty && !CanonPath.isDot(component) && !CanonPath.isDotDot(component)
            if !isName || component.contains(0) { throw .invalidBundlePath(file.path) }
        }
        var path = base
        for (index, component) in components.enumerated() {
            let parent = path
            path = path + [CanonPath.slash] + component
            let isFile = index == components.count - 1
            let present = fileType(path)
            if present == .directory && !isFile { continue }
            if present != nil { throw .conflictingBundlePath(file.path) }
            if isFile { files[path] = file.contents } else { directories[path] = [] }
            let entry = DirectoryEntry(name: Array(component), type: isFile ? .regular : .directory)
            directories[parent, default: []].append(entry)
        }
    }
}
