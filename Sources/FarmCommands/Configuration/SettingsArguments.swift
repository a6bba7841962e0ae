import ArgumentParser
import FoundationEssentials

/// The options that configure services and clients.
struct SettingsArguments: ParsableArguments {
    @Option(help: ArgumentHelp("A configuration file (YAML).", valueName: "file"))
    var config: String?

    @Option(name: .customLong("set"), help: ArgumentHelp("Set a key of the configuration.", valueName: "key=value"))
    var assignments: [String] = []

    mutating func validate() throws {
        for assignment in assignments where !assignment.contains("=") || assignment.hasPrefix("=") {
            throw ValidationError("--set takes KEY=VALUE, not '\(assignment)'")
        }
    }

    private var overrides: [(key: String, value: String)] {
        assignments.map { text in
            let cut = text.firstIndex(of: "=") ?? text.endIndex
            return (String(text[..<cut]), String(text[cut...].dropFirst()))
        }
    }

    /// The keys that `--set` names.
    var assignedKeys: [String] { overrides.map(\.key) }

    /// The layers of a configuration.
    ///
    /// - Parameters:
    ///   - part: `coordinator`, `worker` or `client`, which is the middle of the environment variables.
    ///     `FIRN_PART_CONFIG` names the file if `--config` does not.
    ///   - options: the values of command-line options that stand for keys.
    /// - Throws: `CommandFailure` if the file or a value cannot be read.
    func source(of part: String, options: [(key: String, value: String?)]) async throws -> SettingsSource {
        let prefix = "FIRN_\(part.uppercased())_"
        var environment = ProcessInfo.processInfo.environment
        let file = config ?? environment["\(prefix)CONFIG"]
        environment["\(prefix)CONFIG"] = nil
        let given = options.compactMap { option in option.value.map { (key: option.key, value: $0) } }
        do throws(SettingsError) {
            return try await SettingsSource(
                file: file, prefix: prefix, overrides: overrides + given, environment: environment)
        } catch {
            throw CommandFailure(error.description, exitCode: 2)
        }
    }
}
