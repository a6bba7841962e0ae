/// A tenant's place in the order of fairness: start-time fair queueing over what its jobs cost.
///
/// The tenant with the least `virtualTime` is served next. It rises by the cost of the tenant's jobs (`JobUsage.cost`)
/// divided by the tenant's weight. A lease is charged at once with what a job of this tenant is expected to cost, so that
/// several leases given together alternate between tenants; what the job is known to have used replaces that while it runs
/// and when it ends, and a lease that is given back costs nothing.
struct FairShare: Sendable {
    /// What a lease is charged.
    struct Charge: Sendable, Equatable {
        /// What the job was expected to cost when it was leased, in nanoseconds of a worker.
        let expected: Double
        /// What it is known to have cost so far.
        fileprivate(set) var known = 0.0

        fileprivate var open: Double { max(expected - known, 0) }
    }

    let weight: Double
    /// Virtual time by what is known to have been used.
    private(set) var settled = 0.0
    /// What leases are expected to cost beyond that, divided by the weight, and how many leases are charged.
    private var open = 0.0
    private(set) var charges = 0
    /// What a job of this tenant is expected to cost.
    private(set) var expectation = FairShare.firstExpectation
    private var hasExperience = false

    /// What the first job of a tenant is taken for: little, so that a stream of small ones starts at full speed.
    static let firstExpectation = 1_000_000.0

    init(weight: Double) {
        self.weight = max(weight, 0.001)
    }

    var virtualTime: Double { settled + open }

    mutating func charge() -> Charge {
        let charge = Charge(expected: expectation)
        open += charge.open / weight
        charges += 1
        return charge
    }

    /// A job that runs has cost so much by now; less than before changes nothing.
    mutating func learn(_ cost: Double, of charge: inout Charge) {
        guard cost > charge.known else { return }
        open -= charge.open / weight
        settled += (cost - charge.known) / weight
        charge.known = cost
        open += charge.open / weight
    }

    /// The lease has ended.
    mutating func close(_ charge: Charge) {
        open -= charge.open / weight
        charges -= 1
        // Sums of fractions do not come back to 0 by themselves.
        if charges == 0 { open = 0 }
    }

    /// The job has ended and cost so much, which may be less than was thought while it ran.
    ///
    /// - Parameter isWhole: it ran to its end, so it is an example of what this tenant's jobs cost. Otherwise it would have
    ///   cost at least this much.
    mutating func settle(_ charge: Charge, cost: Double, isWhole: Bool) {
        close(charge)
        settled += (cost - charge.known) / weight
        guard isWhole || cost > expectation else { return }
        expectation = hasExperience ? expectation + (cost - expectation) / 8 : cost
        hasExperience = true
    }

    /// A tenant that had nothing to do gets no credit for that: it starts where the others are.
    mutating func start(at clock: Double) { settled = max(settled, clock) }
}
