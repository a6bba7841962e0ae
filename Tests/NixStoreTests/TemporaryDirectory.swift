import Glibc

@testable import NixStore

/// A temporary directory, which is removed with its contents.
final class TemporaryDirectory: Sendable {
    /// The canonical path.
    let path: [UInt8]

    init() throws {
        var template = Array("/tmp/firn-store-XXXXXX".utf8).cPath
        guard unsafe mkdtemp(&template) != nil else { throw SystemError(code: errno) }
        path = template.dropLast().map { UInt8(bitPattern: $0) }
    }

    deinit { Self.remove(path) }

    func callAsFunction(_ name: String) -> [UInt8] { path + Array("/\(name)".utf8) }

    func directory(_ name: String) { unsafe mkdir(self(name).cPath, 0o755) }

    func link(_ name: String, to target: String) {
        unsafe symlink(Array(target.utf8).cPath, self(name).cPath)
    }

    func fifo(_ name: String) { unsafe mkfifo(self(name).cPath, 0o644) }

    func file(_ name: String, _ contents: String) throws { try file(name, Array(contents.utf8)) }

    func file(_ name: String, _ bytes: [UInt8]) throws {
        let descriptor = unsafe open(self(name).cPath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else { throw SystemError(code: errno) }
        defer { close(descriptor) }
        guard unsafe write(descriptor, bytes, bytes.count) == bytes.count else { throw SystemError(code: errno) }
    }

    private static func remove(_ path: [UInt8]) {
        if let handle = try? DescriptorHandle.open(path, directory: true),
            let entries = try? DirectoryListing.read(handle, limit: .max)
        {
            for entry in entries {
                let child = path + [CanonPath.slash] + entry.name
                if entry.type == .directory { remove(child) } else { unsafe unlink(child.cPath) }
            }
        }
        unsafe rmdir(path.cPath)
    }
}
