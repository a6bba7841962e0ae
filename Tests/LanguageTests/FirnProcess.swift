import Foundation

/// Runs the built `firn` executable.
enum FirnProcess {
    /// The executable beside this test bundle; `FIRN_EXECUTABLE` names another.
    static let executable: URL = {
        if let path = ProcessInfo.processInfo.environment["FIRN_EXECUTABLE"] { return URL(fileURLWithPath: path) }
        let bundle = URL(fileURLWithPath: CommandLine.arguments.first ?? ".").standardizedFileURL
        return bundle.deletingLastPathComponent().appendingPathComponent("firn")
    }()

    /// Evaluates a case as `scripts/oracle` does: in its folder, with nothing of the user's environment.
    static func evaluate(_ languageCase: LanguageCase) throws -> LanguageOutcome {
        try run(["eval"] + languageCase.arguments, in: languageCase.source.deletingLastPathComponent())
    }

    /// Runs the executable in a folder, without input.
    static func run(_ arguments: [String], in folder: URL) throws -> LanguageOutcome {
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: scratch) }
        // Files, not pipes: a process that prints much to both never waits for a reader.
        let output = try openedFile(scratch.appendingPathComponent("output"))
        let messages = try openedFile(scratch.appendingPathComponent("messages"))
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = [
            "HOME": "/homeless-shelter", "FIRN_SUITE": "set", "LC_ALL": "C.UTF-8", "FIRN_CACHE_DIR": scratch.path,
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = messages
        try process.run()
        process.waitUntilExit()
        return LanguageOutcome(
            status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            output: try text(scratch.appendingPathComponent("output")),
            messages: try text(scratch.appendingPathComponent("messages")))
    }

    private static func openedFile(_ url: URL) throws -> FileHandle {
        try Data().write(to: url)
        return try FileHandle(forWritingTo: url)
    }

    private static func text(_ url: URL) throws -> String {
        String(decoding: try Data(contentsOf: url), as: UTF8.self)
    }
}
