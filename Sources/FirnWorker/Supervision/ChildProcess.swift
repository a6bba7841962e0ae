import Glibc
import Platform

/// Starts processes of a supervisor.
enum ChildProcess {
    /// The first descriptor after standard input, output and error.
    static let statusDescriptor: Int32 = 3

    /// The environment of a child: this process's own, without what a supervisor sets, and then `variables`.
    static func environment(adding variables: [String]) -> [String] {
        let inherited = environment.filter { entry in
            !SupervisedProcess.variables.contains { entry.hasPrefix("\($0)=") }
        }
        return inherited + ["\(SupervisedProcess.supervisorVariable)=\(getpid())"] + variables
    }

    /// - Parameters:
    ///   - arguments: the arguments, with the executable first.
    ///   - environment: the whole environment.
    ///   - memory: the memory that the process shares with its supervisor; nil if it is not watched.
    ///   - process: the id of the new process.
    /// - Returns: 0, or the error number of `posix_spawn`.
    static func spawn(
        _ arguments: [String], _ environment: [String], memory: Int32?, _ process: inout pid_t
    ) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if let memory { unsafe posix_spawn_file_actions_adddup2(&actions, memory, statusDescriptor) }
        return unsafe withCStrings(arguments) { words in
            unsafe withCStrings(environment) { environment in
                unsafe SpawnAttributes.withoutBlockedSignals { attributes in
                    unsafe posix_spawn(&process, arguments[0], &actions, attributes, words, environment)
                }
            }
        }
    }

    /// How a process ended, as `waitpid` says it.
    static func reason(_ status: Int32) -> String {
        let signal = status & 0x7F
        return signal == 0 ? "exit code \(status >> 8 & 0xFF)" : "signal \(signal)"
    }

    private static var environment: [String] {
        var entries: [String] = []
        var next = unsafe environ
        while let entry = unsafe next.pointee {
            unsafe entries.append(String(cString: entry))
            unsafe next += 1
        }
        return entries
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = unsafe strings.map { unsafe strdup($0) }
        defer { unsafe copies.forEach { unsafe free($0) } }
        return unsafe body(copies + [nil])
    }
}
