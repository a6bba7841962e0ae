import Glibc

/// Builds the tree of an archive in a directory, with the metadata of a store: nobody may write, and all times are one
/// second after the epoch.
///
/// Only the directories on the way to the last node are remembered.
final class TreeSink: NarSink {
    private let directory: DescriptorHandle
    /// The path of the tree in `directory`.
    private let name: [UInt8]
    /// The bytes of the paths of nodes that belong to the root of the tree.
    private let rootLength: Int
    /// The directories that are not complete, as paths in `directory`, outermost first.
    private var open: [[UInt8]] = []
    private var file: (descriptor: Int32, isExecutable: Bool)?
    /// Why the sink stopped.
    private(set) var failure: SystemError?

    /// - Parameters:
    ///   - directory: where the tree is built.
    ///   - name: the name of the tree there, which does not exist yet.
    ///   - root: the path of the root in what is read.
    init(_ directory: DescriptorHandle, name: [UInt8], root: [UInt8]) {
        self.directory = directory
        self.name = name
        rootLength = root == [CanonPath.slash] ? 0 : root.count
    }

    deinit {
        if let file { close(file.descriptor) }
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Bool { true }

    func begin(_ node: NarNode) -> Bool {
        trying { () throws(SystemError) in
            switch node {
            case .directory(let path):
                let place = try enter(path)
                _ = try retrying { unsafe mkdirat(directory.descriptor, place.cPath, 0o700) }
                open.append(place)
            case .symlink(let path, let target):
                let place = try enter(path)
                _ = try retrying { unsafe symlinkat(target.cPath, directory.descriptor, place.cPath) }
                try setTimes(place)
            case .regular(let path, let properties):
                let place = try enter(path)
                let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
                let descriptor = try retrying { unsafe openat(directory.descriptor, place.cPath, flags, 0o600) }
                file = (descriptor, properties.isExecutable)
            }
        }
    }

    func contents(_ bytes: UnsafeRawBufferPointer) -> Bool {
        trying { () throws(SystemError) in
            if let file { unsafe try FileTree.write(bytes, to: file.descriptor) }
        }
    }

    /// Completes the tree.
    func finish() throws(SystemError) {
        try closeFile()
        while let last = open.popLast() { try seal(last) }
    }

    /// Completes everything that the node at a path is not in.
    ///
    /// - Returns: the path of the node in `directory`.
    private func enter(_ path: [UInt8]) throws(SystemError) -> [UInt8] {
        try closeFile()
        let place = name + path[min(rootLength, path.count)...]
        // The root of a whole file system ends with the slash that separates it from its entries.
        let clean = place.last == CanonPath.slash ? Array(place.dropLast()) : place
        let parent = CanonPath.parent(of: clean)
        while let last = open.last, last != parent {
            open.removeLast()
            try seal(last)
        }
        return clean
    }

    private func closeFile() throws(SystemError) {
        guard let file else { return }
        self.file = nil
        defer { close(file.descriptor) }
        _ = try retrying { fchmod(file.descriptor, file.isExecutable ? 0o555 : 0o444) }
        let times = [Self.time, Self.time]
        _ = try retrying { unsafe futimens(file.descriptor, times) }
    }

    private func seal(_ path: [UInt8]) throws(SystemError) {
        _ = try retrying { unsafe fchmodat(directory.descriptor, path.cPath, 0o555, 0) }
        try setTimes(path)
    }

    private func setTimes(_ path: [UInt8]) throws(SystemError) {
        let times = [Self.time, Self.time]
        _ = try retrying { unsafe utimensat(directory.descriptor, path.cPath, times, AT_SYMLINK_NOFOLLOW) }
    }

    /// The time of everything in a store.
    private static let time = timespec(tv_sec: 1, tv_nsec: 0)

    private func trying(_ body: () throws(SystemError) -> Void) -> Bool {
        do throws(SystemError) {
            try body()
            return true
        } catch {
            failure = error
            return false
        }
    }
}
