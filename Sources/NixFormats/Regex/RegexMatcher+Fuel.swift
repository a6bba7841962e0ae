/// Fuel of the matcher, which is granted for many steps at once and charged in eighths of a unit.
extension RegexMatcher {
    /// Grants the eighths that may be used before `renew`.
    mutating func grant(_ meter: borrowing WorkMeter) -> Int {
        let granted = max(0, meter.units) &* 8
        grantedEighths = hasTable ? granted : min(granted, eighthsWithoutTable)
        return grantedEighths
    }

    /// Charges the part of the last grant that was used.
    mutating func settle(_ left: Int, _ meter: inout WorkMeter) throws(WorkStop) {
        let used = grantedEighths &- left
        grantedEighths = 0
        if !hasTable { eighthsWithoutTable &-= used }
        try charge(used, &meter)
    }

    mutating func charge(_ eighths: Int, _ meter: inout WorkMeter) throws(WorkStop) {
        pendingEighths &+= eighths
        let units = pendingEighths / 8
        pendingEighths &= 7
        try meter.charge(units)
    }

    /// Grants more eighths when the last grant is used up; returns false if the table must be made first.
    @inline(never)
    mutating func renew(_ left: inout Int, _ meter: inout WorkMeter) throws(WorkStop) -> Bool {
        try settle(left, &meter)
        if !hasTable, eighthsWithoutTable < 0 { return false }
        left = grant(meter)
        return true
    }
}
