import ArgumentParser
import FirnCommands
import FirnWorker

/// The command line of the farm's commands. Its executable is `firn-farm`, which `firn` executes for these commands, so
/// help and usage say `firn`. `FarmExecutable` gives the measurements for this division.
public struct FarmCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "firn", abstract: "The farm: queue Nix evaluations and run them on many workers.",
        discussion: "Example: firn submit --wait -E '1 + 1'", version: FirnVersion.text,
        subcommands: [
            SubmitCommand.self, EvalJobsCommand.self, CompareCommand.self, GetCommand.self, WatchCommand.self,
            JobsCommand.self,
            CancelCommand.self, RetryCommand.self,
            QueueCommand.self, TenantsCommand.self, WorkersCommand.self, DrainCommand.self, KeysCommand.self,
            StoreCommand.self,
            CoordinatorCommand.self, WorkerCommand.self, ImageCommand.self, LocalFarmCommand.self, TraceJobCommand.self,
        ])

    public init() {}

    /// Begins the process. A worker process is made to end with its supervisor, and a process that was started to
    /// evaluate does so and never returns.
    ///
    /// It must be called first, on the process's main thread: the kernel takes back what it was asked for when the
    /// thread that asked ends, as idle threads of the concurrency pool do, and an evaluator enters its sandbox before
    /// there are other threads.
    public static func begin() {
        SupervisedProcess.dieWithSupervisor()
        guard EvaluatorProcess.isAsked else { return }
        FirnCommand.chooseStoreDirectory()
        EvaluatorProcess.serve()
    }

    /// Parses the command line, runs the command and exits: with 0, with 1 if the job or the command failed, or with 2
    /// if the command line was wrong.
    public static func run() async -> Never {
        Output.holdStreams()
        ProcessMemory.configureForLimit()
        FirnCommand.chooseStoreDirectory()
        do {
            let words = FirnCommand.joinPairs(CommandWords.read())
            let root: any ParsableCommand.Type =
                words.first?.hasPrefix(FarmExecutable.completionOption) == true ? CompletionCommand.self : Self.self
            var command = try root.parseAsRoot(words)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let code as ExitCode {
            leave(code.rawValue)
        } catch let failure as CommandFailure {
            Output.note("error: \(failure)")
            leave(failure.exitCode)
        } catch {
            let isHelp = exitCode(for: error) == .success
            let text = fullMessage(for: error) + "\n"
            if isHelp { Output.text(text) } else { Output.message(text) }
            leave(isHelp ? 0 : 2)
        }
        leave(0)
    }
}

/// Both parts of the command line together, from which the completion scripts of shells are generated.
struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "firn", version: FirnVersion.text,
        // The other part's `trace` has the option `--job`.
        subcommands: FirnCommand.configuration.subcommands
            + FarmCommand.configuration.subcommands.filter { $0 != TraceJobCommand.self })
}

/// The failure of a command.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    /// 1, or 2 if the command line or a configuration is wrong.
    let exitCode: Int32

    init(_ description: String, exitCode: Int32 = 1) {
        self.description = description
        self.exitCode = exitCode
    }
}
