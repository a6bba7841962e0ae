/// A tenant's fair share: start-time fair queueing over the cost of jobs.
///
/// The tenant with the least `virtualTime` is served next. The virtual time rises by the cost of the tenant's jobs
/// (`JobUsage.cost`) divided by the tenant's weight. A lease is charged its expected cost at once, so that several
/// leases granted together alternate between tenants. The known cost replaces the expected one while the job runs and
/// when it ends, and a lease that is returned before its job began costs nothing.
struct FairShare: Sendable {
    /// The charge of one lease.
    struct Charge: Sendable, Equatable {
        /// The expected cost of the job when it was leased, in nanoseconds of a worker.
        let expected: Double
        /// The known cost so far, in nanoseconds of a worker.
        fileprivate(set) var known = 0.0

        fileprivate var open: Double { max(expected - known, 0) }
    }

    private(set) var weight: Double
    /// Virtual time from known costs.
    private(set) var settled = 0.0
    /// The part of expected costs that is not known yet, divided by the weight, and the number of charged leases.
    private var open = 0.0
    private(set) var charges = 0
    /// The expected cost of a job of this tenant, in nanoseconds of a worker.
    private(set) var expectedCost = FairShare.firstExpectedCost
    private var hasSample = false

    /// The expected cost of a tenant's first job. It is low, so that a stream of small jobs starts at full speed.
    static let firstExpectedCost = 1_000_000.0

    init(weight: Double) {
        self.weight = max(weight, 0.001)
    }

    var virtualTime: Double { settled + open }

    mutating func charge() -> Charge {
        let charge = Charge(expected: expectedCost)
        open(charge)
        return charge
    }

    /// Adds a charge that another account has made.
    mutating func open(_ charge: Charge) {
        open += charge.open / weight
        charges += 1
    }

    /// Changes the weight, by which further costs are divided. What is charged and not known yet counts by the new one.
    mutating func setWeight(_ new: Double) {
        let new = max(new, 0.001)
        open *= weight / new
        weight = new
    }

    /// Raises the known cost of a running job. A lower cost than before changes nothing.
    mutating func raiseKnownCost(_ cost: Double, of charge: inout Charge) {
        guard cost > charge.known else { return }
        open -= charge.open / weight
        settled += (cost - charge.known) / weight
        charge.known = cost
        open += charge.open / weight
    }

    /// Ends a lease without further cost.
    mutating func close(_ charge: Charge) {
        open -= charge.open / weight
        charges -= 1
        // Rounding errors would otherwise remain in the sum.
        if charges == 0 { open = 0 }
    }

    /// Ends a lease with the job's final cost, which may be lower than the one reported while it ran.
    ///
    /// - Parameter isWhole: whether the job ran to its end, so that the cost is a sample of what this tenant's jobs
    ///   cost. Otherwise the job would have cost at least this much.
    mutating func settle(_ charge: Charge, cost: Double, isWhole: Bool) {
        close(charge)
        settled += (cost - charge.known) / weight
        guard isWhole || cost > expectedCost else { return }
        expectedCost = hasSample ? expectedCost + (cost - expectedCost) / 8 : cost
        hasSample = true
    }

    /// Gives no credit for idle time: the tenant starts at least at the given virtual time.
    mutating func start(at clock: Double) { settled = max(settled, clock) }
}
