import FirnProtocol
import Platform
import Synchronization

/// The builds of a worker, a few at a time, each on a thread of its own that waits for the builder.
final class BuildQueue: Sendable {
    private struct Content {
        var waiting: [WireStartBuilds] = []
        var running = 0
        var isStopped = false
    }

    private let builder: WorkerBuilder
    private let report: @Sendable (WireBuildsEnded) -> Void
    private let content = Mutex(Content())

    /// - Parameters:
    ///   - builder: the builder.
    ///   - report: called on any thread when builds have ended.
    init(_ builder: WorkerBuilder, report: @escaping @Sendable (WireBuildsEnded) -> Void) {
        self.builder = builder
        self.report = report
    }

    func add(_ start: WireStartBuilds) {
        content.withLock { $0.waiting.append(start) }
        beginNext()
    }

    /// Ends all builds, which are not reported.
    func stop() {
        content.withLock { content in
            content.waiting = []
            content.isStopped = true
        }
    }

    private func beginNext() {
        let next = content.withLock { content -> WireStartBuilds? in
            guard !content.isStopped, content.running < builder.concurrentJobs, !content.waiting.isEmpty else {
                return nil
            }
            content.running += 1
            return content.waiting.removeFirst()
        }
        guard let next else { return }
        let thread = SystemThread(name: "firn-build", stackBytes: Self.stackBytes)
        do throws(ThreadError) {
            try thread.start { self.build(next) }
            thread.detach()
        } catch {
            // This thread may be the one that sends heartbeats, so it must not wait for a builder.
            content.withLock { $0.running -= 1 }
            report(next.failed("the worker cannot start a thread for the build: \(error)"))
            beginNext()
        }
    }

    private func build(_ start: WireStartBuilds) {
        let ended = builder.build(start) { [content = self] in content.isStopped }
        let isStopped = content.withLock { content in
            content.running -= 1
            return content.isStopped
        }
        if isStopped { return }
        report(ended)
        beginNext()
    }

    private var isStopped: Bool { content.withLock { $0.isStopped } }

    /// The bytes of a thread's stack, for a connection and its messages.
    private static let stackBytes = 1 << 20
}
