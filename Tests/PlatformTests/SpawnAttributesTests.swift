import Foundation
import Glibc
import Platform
import TestSupport
import Testing

@Suite struct SpawnAttributesTests {
    /// A child of a thread that blocks SIGTERM, as those of thread pools do, can be ended by it.
    @Test func aChildBlocksNoSignal() async throws {
        let status = try await Self.childOfABlockingThread("/bin/cat", ["/proc/self/status"])
        let blocked = status.split(separator: "\n").first { $0.hasPrefix("SigBlk:") }
        #expect(blocked == "SigBlk:\t0000000000000000")
    }

    private static func childOfABlockingThread(_ executable: String, _ arguments: [String]) async throws -> String {
        let process = try spawnBlocking(executable, arguments)
        #expect(await process.end() == 0)
        return process.output
    }

    private static func spawnBlocking(_ executable: String, _ arguments: [String]) throws -> ChildProcess {
        var blocked = sigset_t()
        var before = sigset_t()
        unsafe sigemptyset(&blocked)
        unsafe sigaddset(&blocked, SIGTERM)
        unsafe pthread_sigmask(SIG_BLOCK, &blocked, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        return try ChildProcess(URL(filePath: executable), arguments, environment: [:])
    }
}
