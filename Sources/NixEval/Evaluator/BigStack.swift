import Glibc
import NixSyntax
import NixVM

/// Runs work on a thread with a stack that is large enough for the deepest source that the compiler accepts.
public enum BigStack {
    /// The size of the stack in bytes. Only the pages that are used take memory. Where the system limits the address
    /// space, the stack takes at most an eighth of it.
    public static let size = min(usualSize, max(leastSize, (AddressSpace.limit ?? .max) / 8 & ~0xFFFF))
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

    /// Runs `body` on a new thread and waits for the result; nil if the thread could not be started.
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
