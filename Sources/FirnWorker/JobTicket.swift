import NixVM
import Synchronization

/// One job on its way to the evaluator, shared by the thread that evaluates and the one that hears the coordinator:
/// either it is begun or it is taken back, and never both.
final class JobTicket: Sendable {
    private enum State {
        static let waiting: UInt8 = 0
        static let begun: UInt8 = 1
        static let withdrawn: UInt8 = 2
    }

    let cancellation = Cancellation()
    private let state = Atomic<UInt8>(State.waiting)

    /// False when it has been taken back.
    func begin() -> Bool { move(to: State.begun) }

    /// False when it has begun.
    func withdraw() -> Bool { move(to: State.withdrawn) }

    private func move(to new: UInt8) -> Bool {
        state.compareExchange(expected: State.waiting, desired: new, ordering: .relaxed).exchanged
    }
}
