/// Scheduled actions, sorted by time. Insertion is linear, which suits the handful of timers that a service has.
struct TimerQueue {
    private struct Entry {
        let deadline: UInt64
        let number: UInt64
        let action: () -> Void
    }

    /// The latest entry is first, so that the next one is removed from the end.
    private var entries: [Entry] = []
    private var count: UInt64 = 0

    var next: UInt64? { entries.last?.deadline }

    mutating func add(at deadline: UInt64, _ action: @escaping () -> Void) -> PollingExecutor.Timer {
        count += 1
        let position = entries.firstIndex { $0.deadline <= deadline } ?? entries.endIndex
        entries.insert(Entry(deadline: deadline, number: count, action: action), at: position)
        return PollingExecutor.Timer(number: count)
    }

    mutating func remove(_ timer: PollingExecutor.Timer) { entries.removeAll { $0.number == timer.number } }

    /// Removes and returns the due actions, earliest first. Actions that these add run in a later turn.
    mutating func takeDue(at now: UInt64) -> [() -> Void] {
        var due: [() -> Void] = []
        while let last = entries.last, last.deadline <= now {
            due.append(last.action)
            entries.removeLast()
        }
        return due
    }
}
