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
            Output.note("error: \(BigStack.failureText)")
            throw ExitCode(1)
        }
        if code != 0 { throw ExitCode(code) }
    }
}
