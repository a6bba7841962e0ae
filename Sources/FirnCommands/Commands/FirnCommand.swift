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
            TraceCommand.self, InstantiateCommand.self, CacheCommand.self,
        ])

    public init() {}

    /// Parses the command line, runs the command and exits: with 0, with 1 if the command failed, or with 2 if the
    /// command line was wrong.
    public static func run() -> Never {
        Output.holdStreams()
        let words = CommandWords.read()
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
            var command = try parseAsRoot(arguments)
            try command.run()
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

    /// Makes all store paths those of the directory that the environment names.
    private static func chooseStoreDirectory() {
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

    /// Joins the values of options that take two words (`--arg NAME EXPR`) by a NUL, which no argument can contain. After
    /// `--argstr` it joins them by two, by which `CallArgument` tells the options apart.
    package static func joinPairs(_ arguments: [String]) -> [String] {
        var result: [String] = []
        var index = 0
        while index < arguments.count {
            let word = arguments[index]
            if word == "--" { return result + arguments[index...] }
            result.append(word)
            if ["--arg", "--argstr", "--option"].contains(word), index + 2 < arguments.count {
                let separator = word == "--argstr" ? "\0\0" : "\0"
                result.append(arguments[index + 1] + separator + arguments[index + 2])
                index += 2
            }
            index += 1
        }
        return result
    }
}

/// The version of the executable.
public enum FirnVersion {
    public static let text = "0.1.0"
}
