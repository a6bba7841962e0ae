import NixVM
import Platform

/// What a machine used before an attribute, to tell what it used for it. What attributes have in common counts for the
/// one that is visited first.
struct AttributeUse {
    private let machine: Machine
    private let fuel: Int
    private let allocatedBytes: Int
    private let wall = MonotonicClock.now()
    private let cpu = MonotonicClock.threadTime()

    init(_ machine: Machine) {
        self.machine = machine
        fuel = machine.fuelUsed
        allocatedBytes = machine.heapStatistics.allocatedBytes
    }

    func add(to object: inout LineObject) {
        var stats = LineObject()
        stats.add("wallNs", number: MonotonicClock.now() &- wall)
        stats.add("cpuNs", number: MonotonicClock.threadTime() &- cpu)
        stats.add("fuel", number: UInt64(clamping: machine.fuelUsed - fuel))
        stats.add(
            "allocatedBytes", number: UInt64(clamping: machine.heapStatistics.allocatedBytes - allocatedBytes))
        object.add("stats", value: stats.bytes)
    }
}
