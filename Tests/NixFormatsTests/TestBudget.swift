@testable import NixFormats

/// A budget of so many units, granted in grants as the machine grants them.
final class TestBudget: WorkBudget {
    /// As in the machine.
    static let grant = 8192

    private(set) var left: Int
    private(set) var granted = 0
    /// How often it was asked: how often deadline and cancellation would have been looked at.
    private(set) var polls = 0

    init(_ units: Int = .max / 2) { left = units }

    func refill(_ units: Int) -> Int? {
        polls += 1
        let debt = max(0, -units)
        if left <= debt { return nil }
        let grant = min(TestBudget.grant, left - debt)
        left -= debt + grant
        granted += debt + grant
        return grant
    }

    /// Runs work that may take so many bytes.
    ///
    /// - Returns: What it gave, the units that it charged and the most bytes that it had taken at its end.
    func run<Result>(
        room: Int = .max, _ work: (inout WorkMeter) throws -> Result
    ) rethrows -> (result: Result, units: Int, taken: Int) {
        var meter = WorkMeter(units: 0, room: room, budget: self)
        let result = try work(&meter)
        return (result, granted - meter.units, meter.taken)
    }
}

extension [UInt8] {
    init(_ text: String) { self = Array(text.utf8) }
}
