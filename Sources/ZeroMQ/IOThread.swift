import CZeroMQ
import Glibc
import Synchronization

/// A named POSIX thread that runs one closure.
final class IOThread: Sendable {
    private let name: String
    private let stackBytes: Int
    private let thread = Mutex<pthread_t?>(nil)

    init(name: String, stackBytes: Int) {
        // Linux keeps 15 bytes of a thread's name.
        self.name = String(name.prefix(15))
        self.stackBytes = stackBytes
    }

    func start(_ body: @escaping @Sendable () -> Void) throws(ZeroMQError) {
        let box = unsafe Unmanaged.passRetained(Body(name: name, run: body)).toOpaque()
        try thread.withLock { (thread) throws(ZeroMQError) in
            var attributes = pthread_attr_t()
            unsafe pthread_attr_init(&attributes)
            unsafe pthread_attr_setstacksize(&attributes, stackBytes)
            var new = pthread_t()
            let code = unsafe pthread_create(&new, &attributes, { unsafe Body.run($0) }, box)
            unsafe pthread_attr_destroy(&attributes)
            guard code == 0 else {
                unsafe Unmanaged<Body>.fromOpaque(box).release()
                throw ZeroMQError(
                    operation: "start thread \(name)", code: code, reason: unsafe String(cString: strerror(code)))
            }
            thread = new
        }
    }

    /// Waits until the closure has returned. On the thread itself it does nothing.
    func join() {
        let started = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        guard let started, pthread_equal(started, pthread_self()) == 0 else { return }
        pthread_join(started, nil)
    }

    /// Makes the system reclaim the thread when its closure returns.
    func detach() {
        let started = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        if let started { pthread_detach(started) }
    }
}

private final class Body: Sendable {
    private let name: String
    private let body: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
        self.name = name
        body = run
    }

    static func run(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let pointer = unsafe pointer else { return nil }
        let body = unsafe Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue()
        unsafe firn_name_thread(body.name)
        body.body()
        return nil
    }
}
