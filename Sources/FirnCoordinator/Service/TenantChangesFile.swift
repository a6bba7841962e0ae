import FirnProtocol
import Foundation
import Glibc
import Platform

/// The file of the changes that operators have made of tenants, `tenants.json` in the store's directory.
struct TenantChangesFile: Sendable {
    let path: String

    init(storeDirectory: String) { path = "\(storeDirectory)/tenants.json" }

    /// Reads the changes; none if there is no file.
    ///
    /// - Throws: `CoordinatorError.configuration` if the file cannot be read. It is not ignored, because a tenant would
    ///   have what it was denied.
    func read() throws(CoordinatorError) -> WireTenantChanges {
        guard unsafe access(path, F_OK) == 0 else { return WireTenantChanges() }
        do {
            return try WireTenantChanges(json: [UInt8](Data(contentsOf: URL(filePath: path))))
        } catch {
            throw .configuration(
                "\(path) has the changes of firn tenants and cannot be read (\(error)): mend it, or remove it to forget them"
            )
        }
    }

    /// Replaces the file. The new one is on disk when this returns, and the old one stays if it fails.
    func write(_ changes: WireTenantChanges) throws {
        let new = "\(path).new"
        unsafe unlink(new)
        try WholeFile.write(try changes.json, to: new, mode: 0o600, .creating)
        guard unsafe rename(new, path) == 0 else { throw WriteFailure(path: path, code: errno) }
        try Self.sync(directoryOf: path)
    }

    private static func sync(directoryOf path: String) throws(WriteFailure) {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw WriteFailure(path: directory, code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw WriteFailure(path: directory, code: errno) }
    }
}
