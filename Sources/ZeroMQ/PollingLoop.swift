import Glibc
import Platform
import Synchronization

/// The thread of a `PollingExecutor` and its loop. Threads share `inbox`; everything else belongs to the loop's own
/// thread.
final class PollingLoop: @unchecked Sendable {
    private struct Inbox {
        var jobs: [UnownedJob] = []
        var actions: [@Sendable () -> Void] = []
        var isStopped = false
    }

    private let inbox = Mutex(Inbox())
    private let wakeup: Wakeup
    private let threadID = Atomic<Int32>(0)
    private weak var executor: PollingExecutor?
    private var poller = Poller()
    private var handlers: [Poller.Item: Handler] = [:]
    private var timers = TimerQueue()
    private var endOfTurn: () -> Void = {}

    private struct Handler {
        let onReadable: () -> Void
        let onWritable: () -> Void
    }

    init() throws(ZeroMQError) { wakeup = try Wakeup() }

    var isCurrentThread: Bool { threadID.load(ordering: .relaxed) == SystemThread.currentID }

    func start(name: String, stackBytes: Int, for executor: PollingExecutor) throws(ZeroMQError) {
        self.executor = executor
        let thread = SystemThread(name: name, stackBytes: stackBytes)
        do throws(ThreadError) { try thread.start { self.run() } } catch { throw ZeroMQError(error) }
        thread.detach()
    }

    func stop() {
        inbox.withLock { $0.isStopped = true }
        wakeup.signal()
    }

    func enqueue(_ job: UnownedJob) {
        let isFirst = inbox.withLock { inbox in
            inbox.jobs.append(job)
            return inbox.jobs.count == 1
        }
        // The loop checks its inbox before it waits, so its own thread needs no wakeup.
        if isFirst && !isCurrentThread { wakeup.signal() }
    }

    func post(_ action: @escaping @Sendable () -> Void) {
        inbox.withLock { $0.actions.append(action) }
        if !isCurrentThread { wakeup.signal() }
    }

    private func run() {
        threadID.store(SystemThread.currentID, ordering: .relaxed)
        poller.add(descriptor: wakeup.descriptor)
        while turn() {}
        unregisterAll()
    }

    /// - Returns: false if the executor was released.
    private func turn() -> Bool {
        do {
            _ = try poller.wait(for: longestWait())
        } catch {
            // A socket was closed before it was unregistered. Its handler is found and dropped.
            dropClosedSockets()
        }
        wakeup.clear()
        // The reference is held for the turn, because the actor's last job may release the executor.
        guard let executor else { return false }
        callHandlers()
        timers.takeDue(at: MonotonicClock.now()).forEach { $0() }
        runJobs(on: executor)
        endOfTurn()
        return inbox.withLock { !$0.isStopped }
    }

    /// The time until there is something to do without a message; nil if there is no such time.
    private func longestWait() -> Duration? {
        if inbox.withLock({ !$0.jobs.isEmpty || !$0.actions.isEmpty || $0.isStopped }) { return .zero }
        guard let deadline = timers.next else { return nil }
        let now = MonotonicClock.now()
        return .nanoseconds(deadline <= now ? 0 : Int64(clamping: deadline - now))
    }

    private func callHandlers() {
        for (item, handler) in handlers {
            if poller.isReadable(item) { handler.onReadable() }
            if poller.isWritable(item) { handler.onWritable() }
        }
    }

    private func runJobs(on executor: PollingExecutor) {
        let (jobs, actions) = inbox.withLock { inbox in
            let taken = (inbox.jobs, inbox.actions)
            inbox.jobs = []
            inbox.actions = []
            return taken
        }
        for action in actions { action() }
        for job in jobs { unsafe job.runSynchronously(on: executor.asUnownedSerialExecutor()) }
    }

    private func dropClosedSockets() {
        for item in handlers.keys {
            guard !poller.isValid(item) else { continue }
            unregister(item)
        }
    }
}

extension PollingLoop {
    func register(
        handle: UnsafeMutableRawPointer, onReadable: @escaping () -> Void, onWritable: @escaping () -> Void
    ) -> PollingExecutor.Registration {
        let item = unsafe poller.add(handle: handle)
        handlers[item] = Handler(onReadable: onReadable, onWritable: onWritable)
        return PollingExecutor.Registration(item: item)
    }

    func register(
        descriptor: Int32, onReadable: @escaping () -> Void, onWritable: @escaping () -> Void
    ) -> PollingExecutor.Registration {
        let item = poller.add(descriptor: descriptor)
        handlers[item] = Handler(onReadable: onReadable, onWritable: onWritable)
        return PollingExecutor.Registration(item: item)
    }

    func unregister(_ item: Poller.Item) {
        poller.remove(item)
        handlers[item] = nil
    }

    func unregisterAll() {
        for item in handlers.keys { poller.remove(item) }
        handlers = [:]
        timers = TimerQueue()
        endOfTurn = {}
    }

    func setWriteInterest(_ item: Poller.Item, _ isInterested: Bool) { poller.setWritable(item, isInterested) }

    func schedule(at deadline: UInt64, _ action: @escaping () -> Void) -> PollingExecutor.Timer {
        timers.add(at: deadline, action)
    }

    func cancel(_ timer: PollingExecutor.Timer) { timers.remove(timer) }

    func setEndOfTurn(_ action: @escaping () -> Void) { endOfTurn = action }
}
