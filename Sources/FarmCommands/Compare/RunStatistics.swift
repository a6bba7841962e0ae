import FirnCommands

/// What several runs of two evaluations used.
struct RunStatistics: Sendable {
    /// One figure of the runs of one evaluation.
    struct Figure: Sendable, Equatable {
        let minimum: Double
        let median: Double
        let maximum: Double

        /// - Parameter values: at least one value.
        init(_ values: [Double]) {
            let sorted = values.sorted()
            minimum = sorted.first ?? 0
            maximum = sorted.last ?? 0
            let middle = sorted.count / 2
            median =
                sorted.isEmpty
                ? 0
                : sorted.count.isMultiple(of: 2)
                    ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
        }
    }

    /// One figure of both evaluations.
    struct Row: Sendable {
        let name: String
        let unit: String
        let old: Figure
        let new: Figure

        /// The median of the new runs as a multiple of that of the old ones; nil if that is 0.
        var ratio: Double? { old.median == 0 ? nil : new.median / old.median }

        /// Whether the difference can be noise, because values of one evaluation lie among those of the other. Of a
        /// single run nothing is known.
        func isNoise(runs: Int) -> Bool? {
            if old == new { return true }
            guard runs > 1 else { return nil }
            return new.minimum <= old.maximum && old.minimum <= new.maximum
        }
    }

    /// The fewest runs of the two evaluations.
    let runs: Int
    let rows: [Row]

    /// - Parameters:
    ///   - old: what each run of the old evaluation used.
    ///   - new: the same of the new one.
    init?(_ old: [EvaluatedAttribute.Usage], _ new: [EvaluatedAttribute.Usage]) {
        guard !old.isEmpty, !new.isEmpty else { return nil }
        runs = min(old.count, new.count)
        let figures: [(String, String, (EvaluatedAttribute.Usage) -> Double)] = [
            ("cpu", "s", { Double($0.cpuNanoseconds) / 1e9 }), ("wall", "s", { Double($0.wallNanoseconds) / 1e9 }),
            ("fuel", "", { Double($0.fuel) }), ("allocated", "MiB", { Double($0.allocatedBytes) / 1_048_576 }),
        ]
        rows = figures.map { name, unit, value in
            Row(name: name, unit: unit, old: Figure(old.map(value)), new: Figure(new.map(value)))
        }
    }
}
