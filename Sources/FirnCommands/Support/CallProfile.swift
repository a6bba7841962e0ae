import NixEval
import NixStore
import Platform

/// What the settings `trace-function-calls` and `eval-profiler` ask for.
final class CallProfile {
    private var profile: SampledProfileObserver?
    private var file = ""

    /// Observes the calls of an evaluator, if a setting asks for that. Fails, and prints the reason, if the file of the profile
    /// cannot be written.
    init?(_ settings: NixSettings, _ evaluator: Evaluator) {
        if settings.profiler == .flamegraph {
            file = settings.profileFile
            profile = SampledProfileObserver(frequency: settings.profilerFrequency)
            // A file that cannot be written is better known before the evaluation than after it.
            guard write([]) else { return nil }
        }
        var observers: [any EvaluationObserver] = []
        if let profile { observers.append(profile) }
        if settings.tracesCalls { observers.append(CallTraceObserver { Output.message($0) }) }
        guard let first = observers.first else { return }
        evaluator.observe(observers.count > 1 ? ObserverPair(first, observers[1]) : first, level: .calls)
    }

    /// Writes the profile. The result is false, and the reason printed, if that fails.
    func finish() -> Bool { profile.map { write(Array($0.text().utf8)) } ?? true }

    private func write(_ bytes: [UInt8]) -> Bool {
        do throws(WriteFailure) { try WholeFile.write(bytes, to: file, .overwriting) } catch {
            Output.note("error: \(error)")
            return false
        }
        return true
    }
}
