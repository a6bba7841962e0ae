import Glibc
import Synchronization

/// A serial executor for actors that compile and evaluate: a single thread with a stack of `BigStack.size`. The thread
/// sleeps while there are no jobs, and ends when the executor is released.
public final class BigStackExecutor: SerialExecutor {
    private let inbox: JobInbox

    /// - Parameter name: the name of the thread for debuggers and `top`, of which the first 15 bytes are used.
    /// - Throws: an error if the thread cannot be started.
    public init(name: String) throws(BigStackError) {
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

/// The thread of an executor could not be started.
public struct BigStackError: Error, CustomStringConvertible {
    let code: Int32

    public var description: String {
        "the evaluation's thread cannot be started: \(unsafe String(cString: strerror(code)))"
    }
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
    private let thread = Atomic<UInt>(0)
    private weak var executor: BigStackExecutor?

    init() {
        unsafe wakeup = .allocate(capacity: 1)
        unsafe sem_init(wakeup, 0, 0)
    }

    deinit {
        unsafe sem_destroy(wakeup)
        unsafe wakeup.deallocate()
    }

    var isCurrentThread: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    func start(name: String, for executor: BigStackExecutor) throws(BigStackError) {
        self.executor = executor
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setstacksize(&attributes, BigStack.size)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { unsafe pthread_attr_destroy(&attributes) }
        let box = unsafe Unmanaged.passRetained(Start(inbox: self, name: String(name.prefix(15)))).toOpaque()
        var created = pthread_t()
        let code = unsafe pthread_create(&created, &attributes, { unsafe Start.run($0) }, box)
        guard code == 0 else {
            unsafe Unmanaged<Start>.fromOpaque(box).release()
            throw BigStackError(code: code)
        }
    }

    private final class Start {
        let inbox: JobInbox
        let name: String

        init(inbox: JobInbox, name: String) {
            self.inbox = inbox
            self.name = name
        }

        static func run(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
            guard let pointer = unsafe pointer else { return nil }
            let start = unsafe Unmanaged<Start>.fromOpaque(pointer).takeRetainedValue()
            nameThread(start.name)
            BigStack.markThread()
            start.inbox.run()
            return nil
        }
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
        thread.store(UInt(pthread_self()), ordering: .relaxed)
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

/// Names the calling thread for debuggers and `top`. The module Glibc does not export the function for it.
private func nameThread(_ name: String) {
    let descriptor = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = unsafe write(descriptor, name, name.utf8.count)
    close(descriptor)
}
