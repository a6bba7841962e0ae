import Glibc
import NixSyntax
import NixVM

/// Runs work on a thread with a stack that is large enough for the deepest source that the compiler accepts.
package enum BigStack {
    /// The size of the stack in bytes. Only the pages that are used take memory. Where the system limits the address
    /// space, the stack takes at most an eighth of it.
    package static let size = min(usualSize, max(leastSize, (AddressSpace.limit ?? .max) / 8 & ~0xFFFF))
    /// How many levels of nesting a source may have that is compiled on such a stack.
    static let levels = min(SyntaxTree.maximumDepth, size / bytesPerLevel)

    /// Twice what `SyntaxTree.maximumDepth` levels need.
    private static let usualSize = 512 << 20
    private static let bytesPerLevel = usualSize / SyntaxTree.maximumDepth
    private static let leastSize = 8 << 20

    private final class Job {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    /// Why `run` gives nil.
    package static var failureText: String {
        let limit = AddressSpace.limit.map { " of \($0) that the system allows this process (ulimit -v)" } ?? ""
        return "there is no room for the evaluation's stack of \(size) bytes\(limit)"
    }

    /// A thread has a value for this key if its stack is large.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        unsafe pthread_key_create(&key, nil)
        return key
    }()

    /// Marks the calling thread as one with a large stack.
    static func markThread() { unsafe pthread_setspecific(key, UnsafeRawPointer(bitPattern: 1)) }

    /// Runs `body` on the calling thread if its stack is large, and otherwise as `run` does.
    static func enter<Result>(_ body: () -> Result) -> Result? {
        unsafe pthread_getspecific(key) != nil ? body() : run(body)
    }

    /// Runs `body` on a new thread and waits for the result; nil if the thread could not be started.
    package static func run<Result>(_ body: () -> Result) -> Result? {
        var result: Result?
        withoutActuallyEscaping(body) { body in
            var attributes = pthread_attr_t()
            unsafe pthread_attr_init(&attributes)
            unsafe pthread_attr_setstacksize(&attributes, size)
            let job = Job {
                markThread()
                result = body()
            }
            var thread = pthread_t()
            let started = unsafe pthread_create(
                &thread, &attributes,
                { argument in
                    unsafe Unmanaged<Job>.fromOpaque(argument!).takeRetainedValue().body()
                    return nil
                }, Unmanaged.passRetained(job).toOpaque())
            if started == 0 { pthread_join(thread, nil) }
            unsafe pthread_attr_destroy(&attributes)
        }
        return result
    }
}
