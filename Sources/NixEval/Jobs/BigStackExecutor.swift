import Glibc
import Platform
import Synchronization

/// A serial executor for actors that compile and evaluate: a single thread with a stack of `BigStack.size`. The thread
/// sleeps while there are no jobs, and ends when the executor is released.
///
/// `PollingExecutor` of ZeroMQ runs jobs on a thread, too, but between looks at sockets and timers. It is no replacement:
/// the evaluator must not depend on libzmq, without which `firn eval` starts faster.
public final class BigStackExecutor: SerialExecutor {
    private let inbox: JobInbox

    /// - Parameter name: the name of the thread for debuggers and `top`, of which the first 15 bytes are used.
    /// - Throws: an error if the thread cannot be started.
    public init(name: String) throws(ThreadError) {
        inbox = JobInbox()
        try inbox.start(name: name, for: self)
    }

    deinit { inbox.stop() }

    public func enqueue(_ job: consuming ExecutorJob) { inbox.add(UnownedJob(job)) }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

    public func checkIsolated() {
        precondition(isIsolatingCurrentContext() == true, "called outside the thread of the evaluation")
    }

    public func isIsolatingCurrentContext() -> Bool? { inbox.isCurrentThread }
}

/// The thread of an executor and its queue of jobs.
@safe private final class JobInbox: @unchecked Sendable {
    private struct Content {
        var jobs: [UnownedJob] = []
        var isStopped = false
    }

    private let content = Mutex(Content())
    /// Posted once for each batch of jobs, when the queue becomes non-empty.
    private let wakeup: UnsafeMutablePointer<sem_t>
    private let threadID = Atomic<Int32>(0)
    private weak var executor: BigStackExecutor?

    init() {
        unsafe wakeup = .allocate(capacity: 1)
        unsafe sem_init(wakeup, 0, 0)
    }

    deinit {
        unsafe sem_destroy(wakeup)
        unsafe wakeup.deallocate()
    }

    var isCurrentThread: Bool { threadID.load(ordering: .relaxed) == SystemThread.currentID }

    func start(name: String, for executor: BigStackExecutor) throws(ThreadError) {
        self.executor = executor
        let thread = SystemThread(name: name, stackBytes: BigStack.size)
        try thread.start {
            BigStack.markThread()
            self.run()
        }
        thread.detach()
    }

    func add(_ job: UnownedJob) {
        let isFirst = content.withLock { content in
            content.jobs.append(job)
            return content.jobs.count == 1
        }
        if isFirst { unsafe sem_post(wakeup) }
    }

    func stop() {
        content.withLock { $0.isStopped = true }
        unsafe sem_post(wakeup)
    }

    private func run() {
        threadID.store(SystemThread.currentID, ordering: .relaxed)
        while true {
            while unsafe sem_wait(wakeup) != 0 && errno == EINTR {}
            guard turn() else { return }
        }
    }

    /// Runs the queued jobs.
    ///
    /// - Returns: false if the executor was released.
    private func turn() -> Bool {
        // The executor is retained, because the actor's last job may release it.
        guard let executor else { return false }
        let jobs = content.withLock { content in
            let jobs = content.jobs
            content.jobs.removeAll(keepingCapacity: true)
            return jobs
        }
        for job in jobs { unsafe job.runSynchronously(on: executor.asUnownedSerialExecutor()) }
        return content.withLock { !$0.isStopped }
    }
}
