import ArgumentParser
import Glibc

/// The farm's commands are in an executable of their own, `firn-farm`, which is installed beside `firn` and which
/// `firn` executes for these commands. With a single executable, plain evaluations would start more slowly:
///
/// | executable | `eval -E 1`, CPU | against Nix 2.8.0's 15.4 ms |
/// |---|---|---|
/// | without the farm's libraries | 4.2 ms | 0.27 |
/// | with libzmq, SQLite, Foundation and configuration linked in | 7.1 ms | 0.46 |
///
/// libzmq accounts for 1.6 ms of the difference, because it loads 15 shared libraries, including Kerberos. SQLite takes
/// 0.3 ms and Foundation the rest.
package enum FarmExecutable {
    /// The subcommands of `firn-farm`, with the descriptions that `firn --help` prints.
    package static let commands: [(name: String, abstract: String)] = [
        ("submit", "Submit jobs to a farm."),
        ("eval-jobs", "Evaluate every derivation of a package set, on many workers."),
        ("compare", "Show how the derivations of two revisions differ."),
        ("get", "Show the state and result of jobs."),
        ("watch", "Follow jobs until they have finished."),
        ("jobs", "List jobs, newest first."),
        ("cancel", "Cancel jobs."),
        ("retry", "Submit finished jobs again."),
        ("queue", "Show the numbers of waiting and running jobs."),
        ("tenants", "Show and change what tenants may use, and their keys (operators only)."),
        ("workers", "List the workers (operators only)."),
        ("drain", "Let the coordinator or a worker finish its jobs and exit (operators only)."),
        ("keys", "Generate and list CURVE keys."),
        ("store", "Check and back up the store of a coordinator."),
        ("coordinator", "Run a coordinator, which queues jobs and dispatches them to workers."),
        ("worker", "Run worker processes, which evaluate jobs."),
        ("image", "Make and show images of prepared sets, from which jobs begin."),
        ("farm", "Run a coordinator and workers on this machine."),
    ]

    /// The option that generates a shell's completion script.
    package static let completionOption = "--generate-completion-script"

    /// Whether a command line, without the executable's name, belongs to `firn-farm`.
    static func handles(_ arguments: [String]) -> Bool {
        guard let first = arguments.first else { return false }
        if first == "help", arguments.count > 1 { return isName(arguments[1]) }
        // Only `firn-farm` knows the options of all commands.
        if first.hasPrefix(completionOption) { return true }
        // Without a job, `firn trace` traces an evaluation of its own.
        if first == "trace" { return arguments.contains { $0 == "--job" || $0.hasPrefix("--job=") } }
        return isName(first)
    }

    static func isName(_ word: String) -> Bool { commands.contains { $0.name == word } }

    /// Replaces this process by `firn-farm` with the given arguments. Returns only if that fails.
    static func become(_ arguments: [String]) {
        let directory = ownDirectory() ?? "."
        let path = "\(directory)/firn-farm"
        var words: [UnsafeMutablePointer<CChar>?] = unsafe []
        for word in [path] + arguments { unsafe words.append(strdup(word)) }
        unsafe words.append(nil)
        unsafe execv(path, words)
        let reason = unsafe String(cString: strerror(errno))
        Output.note("error: '\(path)' cannot be started: \(reason); it is built and installed together with firn")
    }

    /// The directory of this executable; nil if it cannot be determined.
    private static func ownDirectory() -> String? {
        ExecutablePath.own().flatMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } }
    }

    /// The part of `firn --help` about the farm.
    static var helpText: String {
        let width = (commands.map(\.name.count).max() ?? 0) + 2
        let lines = commands.map { command in
            "  " + command.name + String(repeating: " ", count: width - command.name.count) + command.abstract
        }
        return "Farm commands:\n" + lines.joined(separator: "\n") + "\n  trace --job ID: show the trace of a job."
    }
}
