/// The shares of a tenant's fairness keys, and how many jobs of each are leased.
///
/// Within a tenant, keys take turns as tenants do among each other: by start-time fair queueing (`FairShare`), with equal
/// weights. Jobs without a key share the empty one. A key that becomes idle is forgotten if the others have used as
/// much, so that forgetting it gives it nothing.
struct KeyShares: Sendable {
    struct Share: Sendable {
        var share = FairShare(weight: 1)
        var ready = 0
        var leased = 0

        var isIdle: Bool { ready == 0 && leased == 0 && share.charges == 0 }
    }

    private var shares: [String: Share] = [:]
    /// The virtual time of the key that was served last. It never decreases.
    private var clock = 0.0

    /// Idle keys above this number are forgotten even if they have used more than others.
    private static let remembered = 1_000

    subscript(key: String) -> Share { shares[key] ?? Share() }

    var count: Int { shares.count }

    /// Counts jobs of the key that are ready. The first one of an idle key starts at the time of the others.
    mutating func count(_ key: String, ready change: Int) {
        if change > 0, shares[key].map(\.isIdle) ?? true { shares[key, default: Share()].share.start(at: clock) }
        shares[key, default: Share()].ready += change
        forgetIfIdle(key)
    }

    mutating func count(_ key: String, leased change: Int) {
        shares[key, default: Share()].leased += change
        forgetIfIdle(key)
    }

    /// Adds a charge of the tenant to one of its keys.
    mutating func charge(_ charge: FairShare.Charge, to key: String) {
        clock = max(clock, self[key].share.settled)
        shares[key, default: Share()].share.open(charge)
    }

    mutating func raiseKnownCost(_ cost: Double, of charge: FairShare.Charge, _ key: String) {
        var charge = charge
        shares[key]?.share.raiseKnownCost(cost, of: &charge)
    }

    mutating func close(_ charge: FairShare.Charge, _ key: String) {
        shares[key]?.share.close(charge)
        forgetIfIdle(key)
    }

    mutating func settle(_ charge: FairShare.Charge, cost: Double, isWhole: Bool, _ key: String) {
        shares[key]?.share.settle(charge, cost: cost, isWhole: isWhole)
        forgetIfIdle(key)
    }

    private mutating func forgetIfIdle(_ key: String) {
        guard let share = shares[key], share.isIdle else { return }
        if share.share.settled <= clock { shares[key] = nil }
        guard shares.count > 2 * Self.remembered else { return }
        let idle = shares.filter { $0.value.isIdle }.sorted { $0.value.share.settled < $1.value.share.settled }
        for (key, _) in idle.dropLast(Self.remembered) { shares[key] = nil }
    }
}
