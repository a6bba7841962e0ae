import ArgumentParser
import NixEval
import NixVM

/// The thread on which a command parses, compiles and evaluates.
enum EvaluationThread {
    /// Runs `body` on the thread and waits for it.
    ///
    /// - Parameter body: the work, which returns the command's exit code.
    /// - Throws: `ExitCode` if that code is not 0 or the thread cannot be started.
    static func run(_ body: () -> Int32) throws {
        guard let code = BigStack.run(body) else {
            let size = BigStack.size
            let limit = AddressSpace.limit.map { " of \($0) that the system allows this process (ulimit -v)" } ?? ""
            Output.note("error: there is no room for the evaluation's stack of \(size) bytes\(limit)")
            throw ExitCode(1)
        }
        if code != 0 { throw ExitCode(code) }
    }
}
