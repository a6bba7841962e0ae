import CPlatform
import FirnProtocol
import Foundation
import Glibc
import NixEval
import Sandbox

/// A process that evaluates and does nothing else. It is started by the process that holds the connection to the
/// coordinator, gets its settings and jobs by sockets that it inherits, and enters its sandbox before anything else.
///
/// The two are separate processes so that a job that takes over its process has neither the worker's key nor a
/// connection: it can send to the connection's process a wrong result of its own, and nothing more.
public enum EvaluatorProcess {
    /// The environment variable that makes a process an evaluator.
    static let variable = "FIRN_EVALUATOR"
    static let jobDescriptor: Int32 = 3
    static let controlDescriptor: Int32 = 4

    /// Whether this process was started to evaluate.
    public static var isAsked: Bool { unsafe getenv(variable) != nil }

    /// Evaluates until the connection's process has gone, and ends the process. A program that can be started as a
    /// worker calls this first, on its main thread, if `isAsked`.
    public static func serve() -> Never {
        serve { settings in
            try VirtualMachine(
                programCacheBytes: settings.programCacheBytes, programCacheDirectory: settings.programCacheDirectory,
                fetching: settings.fetching)
        }
    }

    /// Does so with the evaluator of a test.
    package static func serve(testing evaluator: any JobEvaluator) -> Never { serve { _ in evaluator } }

    private static func serve(_ makeEvaluator: (EvaluatorSettings) throws -> any JobEvaluator) -> Never {
        SupervisedProcess.dieWithSupervisor()
        Sandbox.closeDescriptors(from: controlDescriptor + 1)
        let link = BlockingLink(descriptor: jobDescriptor)
        guard let (kind, body) = link.read(), kind == .settings,
            let settings = try? JSONDecoder().decode(EvaluatorSettings.self, from: Data(body))
        else { exit(1) }
        do {
            let reports = try Sandbox.enter(settings.sandbox)
            let jobs = EvaluatorJobs(settings, link: link, roots: try settings.openRoots())
            let evaluator = try makeEvaluator(settings)
            link.write(.ready, Array(try JSONEncoder().encode(reports)))
            Task {
                await evaluator.serve(jobs)
                // The connection's process has gone, and with it everything that this one is for.
                _exit(0)
            }
            let control = BlockingLink(descriptor: controlDescriptor)
            while let (kind, body) = control.read() { jobs.control(kind, body) }
            _exit(0)
        } catch {
            link.write(.refused, Array("\(error)".utf8))
            exit(1)
        }
    }
}
