import FirnProtocol
import FirnWorker
import Foundation
import Logging
import ServiceLifecycle

// A worker process for tests of the watchdog and of the sandbox. Only its evaluator differs from a real one. The source
// `stubborn` never ends, whatever flag is set; `stubborn FILE` also creates that file when it begins; `crash` ends the
// process at once; the sources of `Attempt` do what a job might that has taken over its process; every other source has
// its own text as its value.
//
// Usage: stubborn-worker ENDPOINT NAME [sandboxed]
//        stubborn-worker probe ...

actor StubbornEvaluator: JobEvaluator {
    func performNext(of queue: EvaluationQueue) async -> (key: LeaseKey, result: WireJobResult)? {
        guard let run = queue.beginNext() else { return nil }
        defer { _ = queue.finish() }
        let source = (try? WireJobSpecification(encoded: run.assignment.specification))?.source.text ?? Data()
        let words = String(decoding: source, as: UTF8.self).split(separator: " ").map(String.init)
        switch words.first {
        case "stubborn":
            if words.count > 1 { _ = FileManager.default.createFile(atPath: words[1], contents: nil) }
            while true { pause() }
        case "crash": kill(getpid(), SIGKILL)
        default: break
        }
        let result = WireJobResult.with {
            $0.outcome = .ok
            $0.value = Attempt.perform(words).map { Data($0.utf8) } ?? source
        }
        return (run.key, result)
    }

    func storePrograms() async {}
}

if EvaluatorProcess.isAsked { EvaluatorProcess.serve(testing: StubbornEvaluator()) }
SupervisedProcess.dieWithSupervisor()
let words = CommandLine.arguments
if words.count > 1, words[1] == "probe" { Probe.run(Array(words.dropFirst(2))) }
guard words.count >= 3 else { exit(2) }
var configuration = WorkerConfiguration(name: words[2], endpoint: words[1])
let logger = Logger(label: "stubborn", factory: { _ in SwiftLogNoOpLogHandler() })
let worker: any Service
if words.count > 3 {
    configuration.evaluators = EvaluatorLaunch(executable: "/proc/self/exe")
    worker = try configuration.makeService(logger: logger)
} else {
    worker = try WorkerService(configuration, evaluator: StubbornEvaluator(), logger: logger)
}
let group = ServiceGroup(
    configuration: ServiceGroupConfiguration(
        services: [ServiceGroupConfiguration.ServiceConfiguration(service: worker)],
        gracefulShutdownSignals: [.sigterm], logger: logger))
try await group.run()
