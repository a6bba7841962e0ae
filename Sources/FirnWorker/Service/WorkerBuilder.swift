import FirnProtocol
import Foundation
import NixEval
import NixStore

/// A Nix daemon on the worker's machine that builds what jobs read of derivations.
public struct WorkerBuilder: Sendable, Codable {
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
        do throws(StoreWriteError) {
            let failures = try connect().build(outputs, isStopped: isStopped)
            return start.ended(failures.map { (Data($0.key.text), Data($0.value)) })
        } catch {
            // Nobody knows what was built. The job's next attempt finds what was, and fails where it reads the rest.
            return start.failed(error.description)
        }
    }
}

extension WireStartBuilds {
    /// The message that nothing could be built, for one reason.
    func failed(_ reason: String) -> WireBuildsEnded { ended(outputs.map { ($0.text, Data(reason.utf8)) }) }

    /// The message that the builds have ended, with the texts of outputs that could not be built and the reasons.
    fileprivate func ended(_ failures: [(output: Data, reason: Data)]) -> WireBuildsEnded {
        .with {
            $0.job = job
            $0.failures = failures.map { failure in
                .with {
                    $0.output = failure.output
                    $0.reason = failure.reason.suffix(ProtocolLimits.buildReasonBytes)
                }
            }
        }
    }
}
