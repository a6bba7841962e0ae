import FoundationEssentials

/// A comparison as lines for a terminal or a file.
struct ComparisonText {
    let comparison: Comparison
    let statistics: RunStatistics?

    var text: String {
        var lines = summary
        section("added", comparison.added, to: &lines)
        section("removed", comparison.removed, to: &lines)
        section("changed", comparison.changed.map { "\($0.name): \($0.old) -> \($0.new)" }, to: &lines)
        section("new errors", comparison.newErrors.map { "\($0.name): \($0.message)" }, to: &lines)
        section("mended errors", comparison.mendedErrors.map { "\($0.name): \($0.message)" }, to: &lines)
        section("errors with another message", comparison.otherErrors.map { "\($0.name): \($0.message)" }, to: &lines)
        section("meta", comparison.meta.flatMap(Self.lines), to: &lines)
        if let statistics { lines += ["", "used (\(Self.runs(statistics))):"] + Self.lines(statistics) }
        return lines.joined(separator: "\n") + "\n"
    }

    private var summary: [String] {
        if comparison.isEmpty { return ["no differences in \(comparison.unchanged) attributes"] }
        let counts = [
            (comparison.added.count, "added"), (comparison.removed.count, "removed"),
            (comparison.changed.count, "changed"), (comparison.newErrors.count, "new errors"),
            (comparison.mendedErrors.count, "mended errors"), (comparison.unchanged, "unchanged"),
        ]
        var lines = [counts.map { "\($0) \($1)" }.joined(separator: ", ")]
        for (system, count) in comparison.rebuilds.sorted(by: { $0.key < $1.key }) {
            lines.append("rebuilds on \(system.isEmpty ? "an unknown system" : system): \(count)")
        }
        return lines
    }

    private func section(_ title: String, _ items: [String], to lines: inout [String]) {
        if items.isEmpty { return }
        lines += ["", "\(title) (\(items.count)):"] + items.map { "  \($0)" }
    }

    private static func lines(_ change: Comparison.MetaChange) -> [String] {
        change.members.map { member in
            "\(change.name) meta.\(member.name): \(member.old ?? "none") -> \(member.new ?? "none")"
        }
    }

    private static func lines(_ statistics: RunStatistics) -> [String] {
        let rows = statistics.rows.map { row in
            [
                "  \(row.name)", Self.text(row.old, row.unit), "->", Self.text(row.new, row.unit), Self.ratio(row),
                Self.verdict(row, statistics.runs),
            ]
        }
        return Table.text(rows).split(separator: "\n").map(String.init)
    }

    /// How many runs there were.
    static func runs(_ statistics: RunStatistics) -> String {
        statistics.runs == 1 ? "one run each, so noise is not known" : "medians of \(statistics.runs) runs each"
    }

    /// The median with the range of the runs.
    static func text(_ figure: RunStatistics.Figure, _ unit: String) -> String {
        let median = number(figure.median) + (unit.isEmpty ? "" : " \(unit)")
        guard figure.minimum < figure.maximum else { return median }
        return "\(median) (\(number(figure.minimum)) to \(number(figure.maximum)))"
    }

    private static func number(_ value: Double) -> String {
        if value >= 1_000 || value == value.rounded() { return String(Int64(value.rounded())) }
        return String(Int64((value * 1_000).rounded()) / 1_000) + "." + decimals(value)
    }

    /// Three decimals.
    private static func decimals(_ value: Double) -> String {
        let thousandths = String(Int64((value * 1_000).rounded()) % 1_000)
        return String(repeating: "0", count: 3 - thousandths.count) + thousandths
    }

    static func ratio(_ row: RunStatistics.Row) -> String { row.ratio.map { "x\(number($0))" } ?? "" }

    static func verdict(_ row: RunStatistics.Row, _ runs: Int) -> String {
        switch row.isNoise(runs: runs) {
        case nil: ""
        case true?: row.old == row.new ? "equal" : "within the noise"
        case false?: "beyond the noise"
        }
    }
}
