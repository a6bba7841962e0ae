import NixSyntax
import NixVM
import Platform

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

    /// Runs `body` on a new thread and waits for the result; nil if the thread could not be started.
    public static func run<Result>(_ body: () -> Result) -> Result? {
        // Only one of the two threads runs at a time.
        nonisolated(unsafe) var result: Result?
        let thread = SystemThread(name: nil, stackBytes: size)
        withoutActuallyEscaping(body) { body in
            nonisolated(unsafe) let body = body
            do throws(ThreadError) { try thread.start { unsafe result = body() } } catch { return }
            thread.join()
        }
        return unsafe result
    }
}
