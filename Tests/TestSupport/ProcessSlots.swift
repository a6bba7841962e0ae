import Foundation

/// Lets only so many tests at a time run a process to its end. Tests that wait hold no thread, so nothing else bounds
/// how many of them begin at once.
public actor ProcessSlots {
    /// For processes that keep a core busy.
    public static let busy = ProcessSlots(max(2, ProcessInfo.processInfo.activeProcessorCount))

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    public init(_ count: Int) { free = count }

    /// Runs the body when it is its turn.
    public nonisolated func run<Result: Sendable>(_ body: @Sendable () async throws -> Result) async rethrows -> Result
    {
        await take()
        do {
            let result = try await body()
            await give()
            return result
        } catch {
            await give()
            throw error
        }
    }

    private func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func give() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
