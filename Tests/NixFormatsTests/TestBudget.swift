@testable import NixFormats

/// A budget with a fixed number of units, which are granted like by the machine.
final class TestBudget: WorkBudget {
    /// The size of a grant, as in the machine.
    static let grant = 8192

    private(set) var left: Int
    private(set) var granted = 0
    /// The number of grants, at each of which a machine would check deadline and cancellation.
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

    /// Runs work with a limit on its bytes.
    ///
    /// - Returns: the result, the units charged, and the bytes in use at the end.
    func run<Result>(
        byteLimit: Int = .max, _ work: (inout WorkMeter) throws -> Result
    ) rethrows -> (result: Result, units: Int, taken: Int) {
        var meter = WorkMeter(units: 0, byteLimit: byteLimit, budget: self)
        let result = try work(&meter)
        return (result, granted - meter.units, meter.usedBytes)
    }
}

extension [UInt8] {
    init(_ text: String) { self = Array(text.utf8) }
}
