import Foundation
import Glibc

/// Directories for the duration of a command, which only this user may enter.
enum TemporaryDirectory {
    /// - Throws: `CommandFailure` if it cannot be made.
    static func make() throws -> String {
        let parent = FileManager.default.temporaryDirectory.path
        let directory = "\(parent)/firn-\(UUID().uuidString.prefix(8))"
        guard unsafe mkdir(directory, 0o700) == 0 else {
            throw CommandFailure("'\(directory)' cannot be made: \(unsafe String(cString: strerror(errno)))")
        }
        return directory
    }

    static func remove(_ directory: String) { try? FileManager.default.removeItem(atPath: directory) }
}
