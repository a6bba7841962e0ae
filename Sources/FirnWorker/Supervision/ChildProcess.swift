import Glibc
import Platform

/// Starts processes of a supervisor.
enum ChildProcess {
    /// The first descriptor after standard input, output and error.
    static let firstDescriptor: Int32 = 3

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
    ///   - descriptors: what the process has open after standard input, output and error, from descriptor 3 on.
    ///   - process: the id of the new process.
    /// - Returns: 0, or the error number of `posix_spawn`.
    static func spawn(
        _ arguments: [String], _ environment: [String], descriptors: [Int32], _ process: inout pid_t
    ) -> Int32 {
        // Copies with higher numbers, so that none is replaced before it has been passed on.
        let copies = descriptors.map { fcntl($0, F_DUPFD_CLOEXEC, firstDescriptor + Int32(descriptors.count)) }
        defer { for copy in copies where copy >= 0 { close(copy) } }
        guard copies.allSatisfy({ $0 >= 0 }) else { return errno }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (index, copy) in copies.enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, copy, firstDescriptor + Int32(index))
        }
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
        if signal == SIGSYS { return "signal \(signal): it made a system call that its sandbox does not allow" }
        return signal == 0 ? "exit code \(status >> 8 & 0xFF)" : "signal \(signal)"
    }

    /// Ends this process as another one has ended, so that whoever waits for it sees the same.
    ///
    /// - Parameter status: how the other one ended, as `waitpid` says it.
    static func endAlike(_ status: Int32) -> Never {
        let number = status & 0x7F
        guard number != 0 else { _exit(max(1, status >> 8 & 0xFF)) }
        signal(number, SIG_DFL)
        // A signal that the thread does not block is delivered to it before `kill` returns.
        var unblocked = sigset_t()
        unsafe sigemptyset(&unblocked)
        unsafe sigaddset(&unblocked, number)
        unsafe pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
        // Sent to the process, a signal that leaves a core dump goes to its main thread, and this one would go on meanwhile.
        raise(number)
        // The signal does not end a process.
        kill(getpid(), SIGKILL)
        while true { pause() }
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
