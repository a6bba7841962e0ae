import ArgumentParser
import Glibc

/// The farm's commands are an executable of their own, `firn-farm`, which lies beside `firn` and which `firn` becomes
/// when one of them is asked for. One executable for everything would start too late for those who only evaluate:
///
/// | executable | `eval -E 1`, CPU | against Nix 2.8.0's 15.4 ms |
/// |---|---|---|
/// | without the farm's libraries | 4.2 ms | 0.27 |
/// | with libzmq, SQLite, Foundation and configuration linked in | 7.1 ms | 0.46 |
///
/// Of the difference libzmq is 1.6 ms: it pulls in 15 shared libraries, Kerberos among them. SQLite is 0.3 ms, the rest
/// Foundation.
package enum FarmExecutable {
    /// The subcommands that `firn-farm` has, with what `firn --help` says of each.
    package static let commands: [(name: String, abstract: String)] = [
        ("submit", "Submit jobs to a farm."),
        ("eval-jobs", "Evaluate every derivation of a package set, on many workers."),
        ("get", "Show the state and result of jobs."),
        ("watch", "Follow jobs until they are finished."),
        ("jobs", "List jobs, newest first."),
        ("cancel", "Cancel jobs."),
        ("queue", "Show how much waits and runs."),
        ("workers", "List the workers (operators only)."),
        ("drain", "Let the coordinator or a worker finish and end (operators only)."),
        ("keys", "Make and list CURVE keys."),
        ("coordinator", "Serve: queue jobs and hand them to workers."),
        ("worker", "Serve: evaluate jobs."),
        ("farm", "Serve: a coordinator and workers on this machine."),
    ]

    /// What asks for a shell's completion script.
    package static let completionOption = "--generate-completion-script"

    /// Whether a command line, without the executable's name, is for `firn-farm`.
    static func handles(_ arguments: [String]) -> Bool {
        guard let first = arguments.first else { return false }
        if first == "help", arguments.count > 1 { return isName(arguments[1]) }
        // Only `firn-farm` knows the options of all commands.
        if first.hasPrefix(completionOption) { return true }
        // `firn trace` evaluates here; with a job it reads the trace that the farm keeps.
        if first == "trace" { return arguments.contains { $0 == "--job" || $0.hasPrefix("--job=") } }
        return isName(first)
    }

    static func isName(_ word: String) -> Bool { commands.contains { $0.name == word } }

    /// Becomes `firn-farm` with these arguments. Returns only when that fails.
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

    /// Where this executable lies.
    private static func ownDirectory() -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0, count < buffer.count, let slash = buffer[..<count].lastIndex(of: CChar(0x2F)) else {
            return nil
        }
        return String(decoding: buffer[..<slash].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// What `firn --help` says of the farm.
    static var helpText: String {
        let width = (commands.map(\.name.count).max() ?? 0) + 2
        let lines = commands.map { command in
            "  " + command.name + String(repeating: " ", count: width - command.name.count) + command.abstract
        }
        return "Farm commands:\n" + lines.joined(separator: "\n") + "\n  trace --job ID: show the trace of a job."
    }
}
