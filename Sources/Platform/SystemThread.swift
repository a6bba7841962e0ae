import CPlatform
import Glibc
import Synchronization

/// A POSIX thread with a stack of a given size that runs one closure.
public final class SystemThread: Sendable {
    private let name: String?
    private let stackBytes: Int
    private let thread = Mutex<pthread_t?>(nil)

    /// - Parameters:
    ///   - name: the name for debuggers and `top`, of which Linux keeps 15 bytes; nil for that of the process.
    ///   - stackBytes: the size of the stack, of which only used pages take memory.
    public init(name: String?, stackBytes: Int) {
        self.name = name.map { String($0.prefix(15)) }
        self.stackBytes = stackBytes
    }

    /// Starts the thread. It is called once.
    public func start(_ body: @escaping @Sendable () -> Void) throws(ThreadError) {
        let box = unsafe Unmanaged.passRetained(Body(name: name, run: body)).toOpaque()
        try thread.withLock { (thread) throws(ThreadError) in
            var attributes = pthread_attr_t()
            unsafe pthread_attr_init(&attributes)
            unsafe pthread_attr_setstacksize(&attributes, stackBytes)
            var new = pthread_t()
            let code = unsafe pthread_create(&new, &attributes, { unsafe Body.run($0) }, box)
            unsafe pthread_attr_destroy(&attributes)
            guard code == 0 else {
                unsafe Unmanaged<Body>.fromOpaque(box).release()
                throw ThreadError(name: name, code: code)
            }
            thread = new
        }
    }

    /// Waits until the closure has returned. On the thread itself it does nothing.
    public func join() {
        guard let started = take(), pthread_equal(started, pthread_self()) == 0 else { return }
        pthread_join(started, nil)
    }

    /// Makes the system reclaim the thread when its closure returns.
    public func detach() {
        if let started = take() { pthread_detach(started) }
    }

    private func take() -> pthread_t? {
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
    }

    /// The kernel's id of the calling thread, never 0. `pthread_self()` does not replace it: a compiler may keep its
    /// value across a suspension, after which another thread runs the code.
    public static var currentID: Int32 { firn_gettid() }
}

/// A thread could not be started.
public struct ThreadError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The thread's name.
    public let name: String?
    /// The error number.
    public let code: Int32

    /// The system's message.
    public var reason: String { unsafe String(cString: strerror(code)) }

    public var description: String { "the thread '\(name ?? "")' cannot be started: \(reason)" }
}

private final class Body: Sendable {
    private let name: String?
    private let body: @Sendable () -> Void

    init(name: String?, run: @escaping @Sendable () -> Void) {
        self.name = name
        body = run
    }

    static func run(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let pointer = unsafe pointer else { return nil }
        let body = unsafe Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue()
        if let name = body.name { unsafe firn_name_thread(name) }
        body.body()
        return nil
    }
}
