import ArgumentParser
import NixStore

/// The executable `firn`. Each subcommand has a file of its own.
public struct FirnCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "firn", abstract: "Evaluates the Nix language.",
        discussion: "Example: firn eval --strict -E 'map (x: x * 2) [ 1 2 3 ]'\n\n\(FarmExecutable.helpText)",
        version: FirnVersion.text,
        subcommands: [
            EvalCommand.self, ParseCommand.self, CompileCommand.self, DisassembleCommand.self, VerifyCommand.self,
            TraceCommand.self, InstantiateCommand.self, FlakeCommand.self, CacheCommand.self, NixCommandsCommand.self,
        ])

    public init() {}

    /// Parses the command line, runs the command and exits: with 0, with 1 if the command failed, or with 2 if the
    /// command line was wrong. A process that was started as `nix-instantiate`, `nix-env` or `nix-store` behaves like
    /// that command.
    public static func run() -> Never {
        Output.holdStreams()
        let words = CommandWords.read()
        if let tool = NixTool(executable: ExecutablePath.startedAs) {
            ProcessMemory.configure()
            chooseStoreDirectory()
            tool.run(words)
        }
        if let mistake = CommandNames.mistake(in: words) {
            Output.note(mistake)
            leave(2)
        }
        if FarmExecutable.handles(words) {
            FarmExecutable.become(words)
            leave(1)
        }
        ProcessMemory.configure()
        chooseStoreDirectory()
        let arguments = joinPairs(words)
        do {
            if var command = leafCommand(arguments) {
                try command.run()
            } else {
                var command = try parseAsRoot(arguments)
                try command.run()
            }
        } catch let code as ExitCode {
            leave(code.rawValue)
        } catch {
            let isHelp = exitCode(for: error) == .success
            let text = fullMessage(for: error) + "\n"
            if isHelp { Output.text(text) } else { Output.message(text) }
            leave(isHelp ? 0 : 2)
        }
        leave(0)
    }

    /// The command that a command line names, if it has no subcommands and nothing is wrong; otherwise nil, and
    /// `parseAsRoot` says what is wrong or prints help. It would first make the declarations of this command, and those of
    /// the subcommand once more, which takes a quarter of the time in which a small expression is evaluated.
    private static func leafCommand(_ arguments: [String]) -> (any ParsableCommand)? {
        guard let name = arguments.first,
            let type = configuration.subcommands.first(where: { $0.configuration.commandName == name }),
            type.configuration.subcommands.isEmpty, let command = try? type.parseAsRoot(Array(arguments.dropFirst())),
            Swift.type(of: command) == type
        else { return nil }
        return command
    }

    /// Makes all store paths those of the directory that the environment names.
    package static func chooseStoreDirectory() {
        let io = LocalIO()
        do throws(StoreChoice.Mistake) {
            let path = try StoreChoice.directory { io.environmentVariable(Array($0.utf8)) }
            // No store path was computed before.
            if let path { _ = StoreDirectory.choose(path) }
        } catch {
            Output.note("error: \(error.message)")
            leave(2)
        }
    }

    /// Joins the name and the value of each argument of functions by NULs, which no word can contain, so that they are the
    /// one value that the parser expects of an option (`CallArgument`), and those of settings (`SettingArgument`).
    package static func joinPairs(_ arguments: [String]) -> [String] {
        SettingWords.joinedAfterCommand(joinCallArguments(arguments))
    }

    /// The same for a command line that does not begin with the name of a command.
    ///
    /// - Parameter declaredFlags: the settings whose flags have another meaning.
    static func joinPairs(_ arguments: [String], declaredFlags: Set<String>) -> [String] {
        SettingWords.joined(joinCallArguments(arguments), declared: declaredFlags)
    }

    private static func joinCallArguments(_ arguments: [String]) -> [String] {
        var result: [String] = []
        var index = 0
        while index < arguments.count {
            let word = arguments[index]
            if word == "--" {
                result += arguments[index...]
                break
            }
            if let (joined, count) = LockArgument.joined(arguments[index...]) {
                result += joined
                index += count
                continue
            }
            result.append(word)
            index += 1
            guard let form = CallArgument.Form(option: word), index + form.valueCount < arguments.count else {
                continue
            }
            let value = form.valueCount > 0 ? arguments[index + 1] : ""
            result.append(arguments[index] + form.separator + value)
            index += 1 + form.valueCount
        }
        return result
    }
}

/// The version of the executable.
public enum FirnVersion {
    public static let text = "0.1.0"
}
