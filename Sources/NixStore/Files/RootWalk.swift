import Glibc
import MessageText

/// Finds paths below one directory without ever leaving it.
///
/// Each component is opened by itself, relative to the directory before it and without following links; links are
/// read and walked here. So neither `..`, a link, nor someone who renames directories meanwhile leads out: `..` goes
/// back to the descriptor that the walk came from, and at the top it is an error.
struct RootWalk: Sendable {
    /// The directory that nothing leads out of, open since the start: if another is put in its place later, this one
    /// is still read.
    let root: DescriptorHandle

    /// Where a walk ended.
    enum Place {
        case directory(DescriptorHandle, path: [[UInt8]])
        /// Something else: `name` in the directory `parent`.
        case entry(parent: DescriptorHandle, name: [UInt8], type: FileType, path: [[UInt8]])
        /// Nothing lies there.
        case missing
    }

    /// Finds a path.
    ///
    /// - Parameters:
    ///   - components: the path below the root.
    ///   - shown: the whole path, for errors.
    func find(
        _ components: [[UInt8]], _ resolution: SymlinkResolution, shown: [UInt8]
    ) throws(EvalIOError) -> Place {
        var walk = State(root: root, remaining: components.reversed())
        while let component = walk.remaining.popLast() {
            if component.isEmpty || CanonPath.isDot(component) { continue }
            if CanonPath.isDotDot(component) {
                if walk.names.isEmpty {
                    throw EvalIOError.outsideRoots(shown, "a link on the way leads out of its root")
                }
                walk.names.removeLast()
                walk.directories.removeLast()
                continue
            }
            if let place = try step(&walk, component, resolution, shown) { return place }
        }
        return .directory(walk.directory, path: walk.names)
    }

    private struct State {
        let root: DescriptorHandle
        /// The components still to walk, the next one last.
        var remaining: [[UInt8]]
        /// The open directories below the root, and their names.
        var directories: [DescriptorHandle] = []
        var names: [[UInt8]] = []
        var linksLeft = LocalIO.maximumLinks

        var directory: DescriptorHandle { directories.last ?? root }
    }

    /// Walks one component; returns where the walk ends, if it does.
    private func step(
        _ walk: inout State, _ name: [UInt8], _ resolution: SymlinkResolution, _ shown: [UInt8]
    ) throws(EvalIOError) -> Place? {
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
            throw EvalIOError.outsideRoots(
                shown, "a link on the way leads to '\(MessageText.shortened(target))', out of its root")
        }
        walk.remaining.append(contentsOf: target.split(separator: CanonPath.slash).map(Array.init).reversed())
    }
}
