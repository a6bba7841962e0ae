import Foundation
import TestSupport

/// A running `firn` command of the farm. It is killed, if it still runs, when the object is released.
final class FarmProcess: Sendable {
    private let process: ChildProcess

    /// The executable beside this test bundle, or the one that `FIRN_FARM_EXECUTABLE` names.
    static let executable: URL = {
        if let path = ProcessInfo.processInfo.environment["FIRN_FARM_EXECUTABLE"] { return URL(filePath: path) }
        let bundle = URL(filePath: CommandLine.arguments.first ?? ".").standardizedFileURL
        return bundle.deletingLastPathComponent().appending(path: "firn-farm")
    }()

    /// - Parameters:
    ///   - environment: variables in addition to the test's own environment.
    ///   - addressSpaceKibibytes: the limit on its address space, in KiB; nil for none.
    init(_ arguments: [String], environment: [String: String] = [:], addressSpaceKibibytes: Int? = nil) throws {
        // Tests also run as root, in containers.
        let own = ProcessInfo.processInfo.environment.merging(["FIRN_WORKER_ALLOW_ROOT": "true"]) { $1 }
        let environment = own.merging(environment) { $1 }
        if let addressSpaceKibibytes {
            let script = #"ulimit -v \#(addressSpaceKibibytes) && exec "$0" "$@""#
            process = try ChildProcess(
                URL(filePath: "/bin/sh"), ["-c", script, Self.executable.path] + arguments, environment: environment)
        } else {
            process = try ChildProcess(Self.executable, arguments, environment: environment)
        }
    }

    var output: String { process.output }
    var errors: String { process.errors }
    var id: Int32 { process.id }
    var isRunning: Bool { process.isRunning }

    func signal(_ number: Int32) { process.signal(number) }

    /// Waits until the process has ended.
    ///
    /// - Returns: the exit code, or the negative number of the signal that ended it.
    @discardableResult
    func end(within seconds: Double = 60) async throws -> Int32 {
        try await eventually("process \(id) ends", within: seconds) { !process.isRunning }
        return await process.end()
    }

    /// Kills the process with SIGKILL and waits until it has ended.
    func killNow() async throws {
        signal(SIGKILL)
        try await end()
    }

    /// Runs a command until it ends.
    static func run(
        _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> (code: Int32, output: String, errors: String) {
        let process = try FarmProcess(arguments, environment: environment)
        let code = try await process.end()
        return (code, process.output, process.errors)
    }
}

/// A condition that a test waited for did not become true in time.
struct Timeout: Error, CustomStringConvertible {
    let description: String
}

/// Waits until a condition holds.
///
/// - Parameter pause: the time between two checks, which leaves the processor to the processes under test; nil to check
///   again at once, so that a short moment is not missed.
func eventually(
    _ what: String, within seconds: Double = 60, pause: Duration? = .milliseconds(1),
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw Timeout(description: "not within \(seconds) s: \(what)") }
        if let pause { try await Task.sleep(for: pause) } else { await Task.yield() }
    }
}
