/// A comparison as a JSON document.
struct ComparisonJSON {
    let comparison: Comparison
    let statistics: RunStatistics?

    var value: JSONValue {
        var members: [(String, JSONValue)] = [
            ("added", Self.names(comparison.added)), ("removed", Self.names(comparison.removed)),
            (
                "changed",
                .array(
                    comparison.changed.map {
                        .object([("attr", .string($0.name)), ("old", .string($0.old)), ("new", .string($0.new))])
                    })
            ),
            (
                "rebuilds",
                .object(
                    comparison.rebuilds.sorted { $0.key < $1.key }.map { ($0.key, .number(Int64($0.value))) })
            ), ("newErrors", Self.failures(comparison.newErrors)),
            ("mendedErrors", Self.failures(comparison.mendedErrors)),
            ("otherErrors", Self.failures(comparison.otherErrors)), ("meta", .array(comparison.meta.map(Self.meta))),
            ("unchanged", .number(Int64(comparison.unchanged))),
        ]
        if let statistics { members.append(("used", Self.used(statistics))) }
        return .object(members)
    }

    private static func names(_ names: [String]) -> JSONValue { .array(names.map { .string($0) }) }

    private static func failures(_ failures: [Comparison.Failure]) -> JSONValue {
        .array(failures.map { .object([("attr", .string($0.name)), ("error", .string($0.message))]) })
    }

    private static func meta(_ change: Comparison.MetaChange) -> JSONValue {
        let members = change.members.map { member in
            (member.name, JSONValue.object([("old", parsed(member.old)), ("new", parsed(member.new))]))
        }
        return .object([("attr", .string(change.name)), ("changes", .object(members))])
    }

    private static func parsed(_ text: String?) -> JSONValue { text.flatMap { try? JSONValue(parsing: $0) } ?? .null }

    private static func used(_ statistics: RunStatistics) -> JSONValue {
        let rows = statistics.rows.map { row in
            var members: [(String, JSONValue)] = [("old", figure(row.old)), ("new", figure(row.new))]
            if let ratio = row.ratio { members.append(("ratio", .real(ratio))) }
            if let isNoise = row.isNoise(runs: statistics.runs) { members.append(("isNoise", .bool(isNoise))) }
            if !row.unit.isEmpty { members.append(("unit", .string(row.unit))) }
            return (row.name, JSONValue.object(members))
        }
        return .object([("runs", .number(Int64(statistics.runs)))] + rows)
    }

    private static func figure(_ figure: RunStatistics.Figure) -> JSONValue {
        .object([
            ("minimum", .real(figure.minimum)), ("median", .real(figure.median)), ("maximum", .real(figure.maximum)),
        ])
    }
}
