import Glibc
import MessageText

/// Resolves paths below one directory without ever leaving it.
///
/// Each component is opened relative to the directory before it and without following symbolic links, which are
/// resolved here. Neither `..`, nor symbolic links, nor directories that are renamed concurrently can lead outside:
/// `..` returns to the descriptor of the previous directory, and is an error at the root.
struct RootWalk: Sendable {
    /// The root directory. It is open from the start, so that replacing it later has no effect.
    let root: DescriptorHandle
    /// Whether the root shows a whole file system, in which an absolute symbolic link starts at the root.
    var isWhole = false

    /// The result of resolving a path.
    enum Resolved {
        case directory(DescriptorHandle, path: [[UInt8]])
        /// An entry that is not a directory: `name` in the directory `parent`.
        case entry(parent: DescriptorHandle, name: [UInt8], type: FileType, path: [[UInt8]])
        /// The path does not exist.
        case missing
    }

    /// Resolves a path.
    ///
    /// - Parameters:
    ///   - components: the components below the root.
    ///   - resolution: which symbolic links are followed.
    ///   - shown: the whole path, for errors.
    func find(
        _ components: [[UInt8]], _ resolution: SymlinkResolution, shown: [UInt8]
    ) throws(EvalIOError) -> Resolved {
        var walk = State(root: root, remaining: components.reversed())
        while let component = walk.remaining.popLast() {
            if component.isEmpty || CanonPath.isDot(component) { continue }
            if CanonPath.isDotDot(component) {
                if walk.names.isEmpty {
                    // The parent of `/` is itself.
                    if isWhole { continue }
                    throw EvalIOError.outsideRoots(shown, "a link on the way leads out of its root")
                }
                walk.names.removeLast()
                walk.directories.removeLast()
                continue
            }
            if let resolved = try step(&walk, component, resolution, shown) { return resolved }
        }
        return .directory(walk.directory, path: walk.names)
    }

    private struct State {
        let root: DescriptorHandle
        /// The components that remain, the next one last.
        var remaining: [[UInt8]]
        /// The open directories below the root, and their names.
        var directories: [DescriptorHandle] = []
        var names: [[UInt8]] = []
        var linksLeft = LocalIO.maximumLinks

        var directory: DescriptorHandle { directories.last ?? root }
    }

    /// Resolves one component. Returns the result if this ends the walk.
    private func step(
        _ walk: inout State, _ name: [UInt8], _ resolution: SymlinkResolution, _ shown: [UInt8]
    ) throws(EvalIOError) -> Resolved? {
        let parent = walk.directory
        guard let type = try type(of: name, in: parent, shown) else { return .missing }
        switch type {
        case .directory:
            let directory = try EvalIOError.wrapping(shown, "opening directory") { () throws(SystemError) in
                try parent.openEntry(name, directory: true)
            }
            walk.directories.append(directory)
            walk.names.append(name)
            return nil
        case .symlink where !(resolution == .ancestors && walk.remaining.isEmpty):
            try follow(&walk, name, in: parent, shown)
            return nil
        case .symlink, .regular, .unknown:
            guard walk.remaining.isEmpty else { return .missing }
            return .entry(parent: parent, name: name, type: type, path: walk.names + [name])
        }
    }

    private func type(
        of name: [UInt8], in parent: DescriptorHandle, _ shown: [UInt8]
    ) throws(EvalIOError) -> FileType? {
        do {
            return try DescriptorHandle.status(at: parent.descriptor, name).fileType
        } catch {
            if [ENOENT, ENOTDIR, ENAMETOOLONG].contains(error.code) { return nil }
            throw EvalIOError(errno: error.code, path: shown, action: "getting status of")
        }
    }

    private func follow(
        _ walk: inout State, _ name: [UInt8], in parent: DescriptorHandle, _ shown: [UInt8]
    ) throws(EvalIOError) {
        walk.linksLeft -= 1
        if walk.linksLeft < 0 { throw EvalIOError(.tooManyLinks, path: shown) }
        let target = try EvalIOError.wrapping(shown, "reading symbolic link") { () throws(SystemError) in
            try parent.readLink(name)
        }
        if target.first == CanonPath.slash {
            guard !isWhole else {
                walk.names = []
                walk.directories = []
                walk.remaining += CanonPath.components(target).reversed()
                return
            }
            throw EvalIOError.outsideRoots(
                shown, "a link on the way leads to '\(MessageText.shortened(target))', out of its root")
        }
        walk.remaining.append(contentsOf: target.split(separator: CanonPath.slash).map(Array.init).reversed())
    }
}
