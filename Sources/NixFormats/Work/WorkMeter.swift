/// The source of the fuel that a `WorkMeter` spends: the machine that the work is done for.
package protocol WorkBudget: AnyObject {
    /// Grants units of fuel after checking deadline and cancellation.
    ///
    /// - Parameter units: the rest of the last grant; negative if more was spent.
    /// - Returns: the rest and the new grant together; nil if the work must stop, for a reason that the budget records.
    func refill(_ units: Int) -> Int?
}

/// Why work stops before its end.
package enum WorkStop: Error, Equatable {
    /// The budget grants no more: fuel is exhausted, the deadline has passed, or the work was cancelled.
    case interrupted
    /// The work needs more bytes than the meter allows; `bytes` is the total it would use.
    case needsMemory(bytes: Int)
    /// The system has no memory left.
    case outOfMemory
}

/// Counts the fuel and memory that a piece of work uses.
///
/// It is a concrete type that is passed `inout`, so that a charge is one subtraction. Units are charged before the work
/// that they stand for: at most 100 ns for a unit. The budget checks the deadline at each grant, so work is divided
/// into blocks of far fewer units than a grant.
package struct WorkMeter {
    /// The units that remain of the last grant.
    package private(set) var units: Int
    /// The most bytes that may be in use.
    private let byteLimit: Int
    /// The bytes that are in use.
    package private(set) var usedBytes = 0
    // The budget is the machine that runs the work and outlives the meter, so reference counting is not needed.
    private unowned(unsafe) let budget: any WorkBudget

    /// - Parameters:
    ///   - units: the rest of a grant of the budget.
    ///   - byteLimit: the most bytes that the work may use.
    ///   - budget: the budget, which must outlive the meter.
    package init(units: Int, byteLimit: Int, budget: any WorkBudget) {
        self.units = units
        self.byteLimit = byteLimit
        unsafe self.budget = budget
    }

    /// Charges units of fuel for the work that follows.
    @inline(__always)
    package mutating func charge(_ count: Int) throws(WorkStop) {
        units &-= count
        if units < 0 { try refill() }
    }

    @inline(never)
    private mutating func refill() throws(WorkStop) {
        guard let granted = unsafe budget.refill(units) else { throw .interrupted }
        units = granted
    }

    /// Counts bytes before they are allocated.
    mutating func reserve(bytes: Int) throws(WorkStop) {
        let (sum, overflow) = usedBytes.addingReportingOverflow(bytes)
        if overflow || sum > byteLimit { throw .needsMemory(bytes: overflow ? .max : sum) }
        usedBytes = sum
    }

    /// Counts bytes that were freed.
    mutating func release(bytes: Int) { usedBytes -= bytes }
}
