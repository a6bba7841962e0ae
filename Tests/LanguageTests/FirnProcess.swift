import Foundation
import TestSupport

/// Runs the built `firn` executable.
enum FirnProcess {
    /// The executable next to this test bundle, unless `FIRN_EXECUTABLE` gives another one.
    static let executable: URL = {
        if let path = ProcessInfo.processInfo.environment["FIRN_EXECUTABLE"] { return URL(fileURLWithPath: path) }
        let bundle = URL(fileURLWithPath: CommandLine.arguments.first ?? ".").standardizedFileURL
        return bundle.deletingLastPathComponent().appendingPathComponent("firn")
    }()

    /// Evaluates a case like `scripts/oracle`: in its folder, and without the user's environment.
    static func evaluate(_ languageCase: LanguageCase) async throws -> LanguageOutcome {
        try await run(["eval"] + languageCase.arguments, in: languageCase.source.deletingLastPathComponent())
    }

    /// Runs a shell script in a folder, with the executable as `"$0"`.
    static func run(script: String, in folder: URL) async throws -> LanguageOutcome {
        try await run(URL(filePath: "/bin/sh"), ["-c", script, executable.path], in: folder)
    }

    /// Runs the executable in a folder, without input.
    ///
    /// - Parameter environment: variables in addition to, or in place of, those of every run.
    static func run(
        _ arguments: [String], in folder: URL, environment: [String: String] = [:]
    ) async throws -> LanguageOutcome {
        try await run(executable, arguments, in: folder, environment)
    }

    private static func run(
        _ executable: URL, _ arguments: [String], in folder: URL, _ environment: [String: String] = [:]
    ) async throws -> LanguageOutcome {
        try await ProcessSlots.busy.run { try await runNow(executable, arguments, in: folder, environment) }
    }

    private static func runNow(
        _ executable: URL, _ arguments: [String], in folder: URL, _ environment: [String: String]
    ) async throws -> LanguageOutcome {
        let cache = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: cache) }
        let process = try ChildProcess(
            executable, arguments,
            environment: [
                "HOME": "/homeless-shelter", "FIRN_SUITE": "set", "LC_ALL": "C.UTF-8", "FIRN_CACHE_DIR": cache.path,
                "NIX_CONF_DIR": "/homeless-shelter",
            ].merging(environment) { $1 }, in: folder)
        let status = await process.end()
        return LanguageOutcome(status: status, output: process.output, messages: process.errors)
    }
}
