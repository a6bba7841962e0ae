import ArgumentParser
import FirnCommands
import FirnWorker

/// The farm's half of the command line. The executable is `firn-farm`; users call it as `firn`, which becomes it for
/// these commands (`FarmExecutable` has the measurements that decided it), so help and usage say `firn`.
public struct FarmCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "firn", abstract: "The farm: queue Nix evaluations and run them on many workers.",
        discussion: "Example: firn submit --wait -E '1 + 1'", version: FirnVersion.text,
        subcommands: [
            SubmitCommand.self, EvalJobsCommand.self, GetCommand.self, WatchCommand.self, JobsCommand.self,
            CancelCommand.self,
            QueueCommand.self, WorkersCommand.self, DrainCommand.self, KeysCommand.self,
            CoordinatorCommand.self, WorkerCommand.self, LocalFarmCommand.self, TraceJobCommand.self,
        ])

    public init() {}

    /// To be called first, on the process's first thread: the kernel forgets who a process is to end with when the
    /// thread that asked for it ends, as those that run asynchronous code do when they have nothing to do.
    public static func followSupervisor() { SupervisedProcess.follow() }

    /// Parses the command line and runs it; exits with 0, 1 (the job or the command failed) or 2 (the command line was
    /// wrong).
    public static func run() async -> Never {
        Output.holdStreams()
        ProcessMemory.configureForLimit()
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

/// Both halves of the command line, of which the completion scripts of shells are made.
struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "firn", version: FirnVersion.text,
        // `trace` with `--job` is among the options of the other half's.
        subcommands: FirnCommand.configuration.subcommands
            + FarmCommand.configuration.subcommands.filter { $0 != TraceJobCommand.self })
}

/// A command that cannot do what it was asked.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    /// 1, or 2 where the command line or a configuration is wrong.
    let exitCode: Int32

    init(_ description: String, exitCode: Int32 = 1) {
        self.description = description
        self.exitCode = exitCode
    }
}
