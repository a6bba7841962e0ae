import Foundation
import TestSupport

/// A started `firn` command of the farm. Killed, if it still runs, when it is let go.
final class FarmProcess: Sendable {
    private let process: ChildProcess

    /// The executable beside this test bundle; `FIRN_FARM_EXECUTABLE` names another.
    static let executable: URL = {
        if let path = ProcessInfo.processInfo.environment["FIRN_FARM_EXECUTABLE"] { return URL(filePath: path) }
        let bundle = URL(filePath: CommandLine.arguments.first ?? ".").standardizedFileURL
        return bundle.deletingLastPathComponent().appending(path: "firn-farm")
    }()

    /// - Parameters:
    ///   - environment: in addition to the test's own.
    ///   - addressSpaceKibibytes: what the system is to limit its address space to; nil: no limit.
    init(_ arguments: [String], environment: [String: String] = [:], addressSpaceKibibytes: Int? = nil) throws {
        let environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
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

    /// Waits for the end.
    ///
    /// - Returns: the exit code, or the signal's number negated.
    @discardableResult
    func end(within seconds: Double = 60) async throws -> Int32 {
        try await eventually("process \(id) ends", within: seconds) { !process.isRunning }
        return await process.end()
    }

    /// Ends it with SIGKILL and waits for the end.
    func killNow() async throws {
        signal(SIGKILL)
        try await end()
    }

    /// Runs a command to its end.
    static func run(
        _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> (code: Int32, output: String, errors: String) {
        let process = try FarmProcess(arguments, environment: environment)
        let code = try await process.end()
        return (code, process.output, process.errors)
    }
}

/// What a test waited for did not come about.
struct Timeout: Error, CustomStringConvertible {
    let description: String
}

/// Waits until a condition holds.
///
/// - Parameter pause: between looks; the two or more processes under test need the processor, too. Nil: look again at
///   once, to catch a short moment.
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
