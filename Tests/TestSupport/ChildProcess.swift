import Foundation
import Platform
import Synchronization

/// A process that a test starts, without input. Its output goes to files, so that it never waits for a reader.
///
/// The system is asked for its end by process id. `Foundation.Process` learns of the end through a socket, which a
/// process spawned at the same moment can inherit, and then also waits for the end of that process.
public final class ChildProcess: Sendable {
    public let id: Int32
    private let scratch: String
    private let code = Mutex<Int32?>(nil)

    /// - Parameters:
    ///   - environment: the whole environment.
    ///   - folder: the working directory; the test's own by default.
    public init(
        _ executable: URL, _ arguments: [String], environment: [String: String], in folder: URL? = nil
    ) throws {
        scratch = NSTemporaryDirectory() + "firn-process-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        var words = [executable.path] + arguments
        // The shell changes the directory and is then replaced by the process.
        if let folder { words = ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, folder.path] + words }
        id = try Self.spawn(words, environment.map { "\($0.key)=\($0.value)" }, scratch: scratch)
    }

    deinit {
        if isRunning {
            kill(id, SIGKILL)
            _ = end(waits: true)
        }
        try? FileManager.default.removeItem(atPath: scratch)
    }

    private static func spawn(_ words: [String], _ variables: [String], scratch: String) throws -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (descriptor, name) in [(1, "output"), (2, "errors")] as [(Int32, String)] {
            unsafe posix_spawn_file_actions_addopen(
                &actions, descriptor, "\(scratch)/\(name)", O_WRONLY | O_CREAT, 0o600)
        }
        var argv = unsafe words.map { unsafe strdup($0) } + [nil]
        var environment = unsafe variables.map { unsafe strdup($0) } + [nil]
        defer {
            for index in unsafe argv.indices { unsafe free(argv[index]) }
            for index in unsafe environment.indices { unsafe free(environment[index]) }
        }
        var child: pid_t = 0
        let code = unsafe SpawnAttributes.withoutBlockedSignals { attributes in
            unsafe posix_spawn(&child, words[0], &actions, attributes, &argv, &environment)
        }
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL) }
        return child
    }

    private func text(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: "\(scratch)/\(name)") ?? Data(), as: UTF8.self)
    }

    public var output: String { text("output") }
    public var errors: String { text("errors") }

    public var isRunning: Bool { end(waits: false) == nil }

    public func signal(_ number: Int32) { kill(id, number) }

    /// Waits until the process has ended, on a thread of its own: there are only as many test threads as cores, and other
    /// tests need them.
    ///
    /// - Returns: the exit code, or the negative number of the signal that ended it.
    public func end() async -> Int32 {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: self.end(waits: true) ?? -1) }
        }
    }

    /// The exit code, or the negative number of the signal; nil while the process runs.
    private func end(waits: Bool) -> Int32? {
        code.withLock { code in
            if let code { return code }
            var status: Int32 = 0
            while true {
                let found = unsafe waitpid(id, &status, waits ? 0 : WNOHANG)
                if found < 0, errno == EINTR { continue }
                guard found == id else { return nil }
                code = status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
                return code
            }
        }
    }
}
