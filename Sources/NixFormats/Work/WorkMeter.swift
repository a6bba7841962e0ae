/// Who grants the units of fuel that a `WorkMeter` spends: the machine that the work is done for.
package protocol WorkBudget: AnyObject {
    /// Grants units after looking at deadline and cancellation.
    ///
    /// - Parameter units: What is left of the last grant; negative when more was spent.
    /// - Returns: What is left of both; nil when the work must stop, for a reason that the budget keeps.
    func refill(_ units: Int) -> Int?
}

/// Why work stops before its end.
package enum WorkStop: Error, Equatable {
    /// The budget grants no more: fuel is exhausted, the deadline has passed, or somebody cancelled.
    case interrupted
    /// The work needs so many bytes at once, which is more than it was told that there is room for.
    case needsRoom(bytes: Int)
    /// The system gave no memory.
    case outOfMemory
}

/// What some work may still use: units of fuel and bytes of memory.
///
/// It is concrete, and passed as `inout` to all that works for a machine, so that a charge is a subtraction. Units are
/// charged before the work that they stand for: a unit for at most 100 ns. As the budget looks at the deadline for each
/// grant, work is divided into blocks that cost far fewer units than a grant has.
package struct WorkMeter {
    /// Units left of the last grant.
    package private(set) var units: Int
    /// Bytes that may be taken in all.
    private let room: Int
    /// Bytes that are taken now.
    package private(set) var taken = 0
    private let budget: any WorkBudget

    /// - Parameters:
    ///   - units: What is left of a grant of the budget.
    ///   - room: Bytes that the work may take.
    package init(units: Int, room: Int, budget: any WorkBudget) {
        self.units = units
        self.room = room
        self.budget = budget
    }

    /// Charges units for what is done next.
    @inline(__always)
    package mutating func charge(_ count: Int) throws(WorkStop) {
        units &-= count
        if units < 0 { try refill() }
    }

    @inline(never)
    private mutating func refill() throws(WorkStop) {
        guard let granted = budget.refill(units) else { throw .interrupted }
        units = granted
    }

    /// Counts bytes before they are taken.
    mutating func take(bytes: Int) throws(WorkStop) {
        let (sum, overflow) = taken.addingReportingOverflow(bytes)
        if overflow || sum > room { throw .needsRoom(bytes: overflow ? .max : sum) }
        taken = sum
    }

    /// Counts bytes that were given back.
    mutating func release(bytes: Int) { taken -= bytes }
}
