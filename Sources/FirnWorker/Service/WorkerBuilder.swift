import FirnProtocol
import Foundation
import NixEval
import NixStore

/// A Nix daemon on the worker's machine that builds what jobs read of derivations.
public struct WorkerBuilder: Sendable {
    /// The path of its socket.
    public var socket: [UInt8]
    /// How it builds.
    public var options = DaemonOptions()
    /// The jobs at once for which the worker has something built.
    public var concurrentJobs = 2

    public init(socket: [UInt8]) { self.socket = socket }

    func connect() throws(StoreWriteError) -> DaemonStore {
        try DaemonStore(socket: socket, options: options) { _ in }
    }

    /// The request of a job whose builds have failed as the assignment says.
    func building(_ failures: [WireBuildFailure]) -> EvaluationJob.Building {
        let reasons = failures.map { ([UInt8]($0.output), [UInt8]($0.reason)) }
        return EvaluationJob.Building(failures: Dictionary(reasons) { first, _ in first }) {
            () throws(StoreWriteError) in try connect()
        }
    }

    /// Builds the outputs, on the calling thread.
    ///
    /// - Parameter isStopped: polled while the builder waits; true ends the work.
    /// - Returns: the message that says what could not be built.
    func build(_ start: WireStartBuilds, isStopped: @escaping () -> Bool) -> WireBuildsEnded {
        let outputs = start.outputs.map {
            NeededOutput(derivation: [UInt8]($0.derivation), name: [UInt8]($0.output), path: [UInt8]($0.path))
        }
        var failures: [NeededOutput: [UInt8]] = [:]
        do throws(StoreWriteError) {
            failures = try connect().build(outputs, isStopped: isStopped)
        } catch {
            // Nobody knows what was built. The job's next attempt finds what was, and fails where it reads the rest.
            for output in outputs { failures[output] = error.message }
        }
        return .with {
            $0.job = start.job
            $0.failures = failures.map { output, reason in
                .with {
                    $0.output = Data(output.text)
                    $0.reason = Data(reason.suffix(ProtocolLimits.buildReasonBytes))
                }
            }
        }
    }
}
