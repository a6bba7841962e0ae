import Glibc
import NixSyntax
import NixVM
import Platform

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
        // Only one of the two threads runs at a time.
        nonisolated(unsafe) var result: Result?
        let thread = SystemThread(name: nil, stackBytes: size)
        withoutActuallyEscaping(body) { body in
            nonisolated(unsafe) let body = body
            let work = {
                markThread()
                unsafe result = body()
            }
            nonisolated(unsafe) let start = work
            do throws(ThreadError) { try thread.start { unsafe start() } } catch { return }
            thread.join()
        }
        return unsafe result
    }
}
