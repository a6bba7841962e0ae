import Glibc
import NixSyntax
import NixVM

/// Runs work on a thread with a stack large enough for the deepest source that is accepted.
public enum BigStack {
    /// Bytes; only touched pages take memory. Where the system limits address space it is an eighth of that at most.
    public static let size = min(usualSize, max(leastSize, (AddressSpace.limit ?? .max) / 8 & ~0xFFFF))
    /// Levels of nesting that sources may have, to be compiled on such a stack.
    static let levels = min(SyntaxTree.maximumDepth, size / bytesPerLevel)

    /// What `SyntaxTree.maximumDepth` levels need, twice.
    private static let usualSize = 512 << 20
    private static let bytesPerLevel = usualSize / SyntaxTree.maximumDepth
    private static let leastSize = 8 << 20

    private final class Job {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    /// Runs `body` on its own thread and waits for it. The result of a thread that could not be started is nil.
    public static func run<Result>(_ body: () -> Result) -> Result? {
        var result: Result?
        withoutActuallyEscaping(body) { body in
            var attributes = pthread_attr_t()
            unsafe pthread_attr_init(&attributes)
            unsafe pthread_attr_setstacksize(&attributes, size)
            let job = Job { result = body() }
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
