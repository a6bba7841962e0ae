import FirnCommands
import Synchronization

/// Counts what became of the jobs of a stream.
final class JobTally: Sendable {
    private struct Counts {
        var ok = 0
        var failed = 0
        var progress: Progress
    }

    private let counts: Mutex<Counts>

    init(showsProgress: Bool) { counts = Mutex(Counts(progress: Progress(showsProgress))) }

    func count(isOK: Bool) {
        counts.withLock {
            if isOK { $0.ok += 1 } else { $0.failed += 1 }
            let (ok, failed) = ($0.ok, $0.failed)
            $0.progress.show("\(ok + failed) jobs done, \(failed) not ok")
        }
    }

    /// Prints a line on standard error in place of the progress line.
    func note(_ text: String) {
        counts.withLock {
            $0.progress.clear()
            Output.note(text)
        }
    }

    func count(_ accepted: Int) { counts.withLock { $0.ok += accepted } }

    /// Prints a summary on standard error.
    ///
    /// - Returns: whether every job ended as ok.
    func report(seconds: Double) -> Bool {
        counts.withLock {
            $0.progress.clear()
            let count = $0.ok + $0.failed
            let rate = seconds > 0 ? Int(Double(count) / seconds) : 0
            let text = "\(count) jobs in \(Int(seconds * 1_000)) ms, \(rate) a second; \($0.failed) not ok"
            Output.note(text)
            return $0.failed == 0
        }
    }
}
