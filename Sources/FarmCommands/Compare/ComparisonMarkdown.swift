/// A comparison as Markdown for a pull request. Lists are folded, and long ones are cut.
struct ComparisonMarkdown {
    let comparison: Comparison
    let statistics: RunStatistics?

    /// The most items of a list. A comment of a pull request may have 65,536 characters.
    private static let maximumItems = 100
    /// The most characters of an item.
    private static let maximumItem = 200

    var text: String {
        var parts = [heading]
        if !comparison.rebuilds.isEmpty { parts.append(rebuilds) }
        parts += [
            list("Added", comparison.added.map(Self.code)), list("Removed", comparison.removed.map(Self.code)),
            list("Changed", comparison.changed.map { Self.code($0.name) }),
            list("New errors", comparison.newErrors.map(Self.failure), isOpen: true),
            list("Mended errors", comparison.mendedErrors.map(Self.failure)),
            list("Errors with another message", comparison.otherErrors.map(Self.failure)),
            list("Changed meta", comparison.meta.map(Self.meta)),
        ].compactMap { $0 }
        if let statistics { parts.append(Self.table(statistics)) }
        return parts.joined(separator: "\n\n") + "\n"
    }

    private var heading: String {
        if comparison.isEmpty { return "**No differences** in \(comparison.unchanged) attributes." }
        return """
            | added | removed | changed | new errors | mended errors | unchanged |
            |---|---|---|---|---|---|
            | \(comparison.added.count) | \(comparison.removed.count) | \(comparison.changed.count) \
            | \(comparison.newErrors.count) | \(comparison.mendedErrors.count) | \(comparison.unchanged) |
            """
    }

    private var rebuilds: String {
        let rows = comparison.rebuilds.sorted { $0.key < $1.key }.map { "| \(Self.plain($0.key)) | \($0.value) |" }
        return "| system | rebuilds |\n|---|---|\n" + rows.joined(separator: "\n")
    }

    private func list(_ title: String, _ items: [String], isOpen: Bool = false) -> String? {
        if items.isEmpty { return nil }
        var lines = items.prefix(Self.maximumItems).map { "- \($0)" }
        if items.count > Self.maximumItems { lines.append("- … and \(items.count - Self.maximumItems) more") }
        return "<details\(isOpen ? " open" : "")><summary>\(title) (\(items.count))</summary>\n\n"
            + lines.joined(separator: "\n") + "\n\n</details>"
    }

    private static func failure(_ failure: Comparison.Failure) -> String {
        "\(code(failure.name)): \(code(failure.message))"
    }

    private static func meta(_ change: Comparison.MetaChange) -> String {
        "\(code(change.name)): \(change.members.map { code($0.name) }.joined(separator: ", "))"
    }

    private static func table(_ statistics: RunStatistics) -> String {
        let rows = statistics.rows.map { row in
            "| \(row.name) | \(ComparisonText.text(row.old, row.unit)) | \(ComparisonText.text(row.new, row.unit)) "
                + "| \(ComparisonText.ratio(row)) | \(ComparisonText.verdict(row, statistics.runs)) |"
        }
        return "Used, \(ComparisonText.runs(statistics)):\n\n| | old | new | | |\n|---|---|---|---|---|\n"
            + rows.joined(separator: "\n")
    }

    /// A text that an evaluation chose, as code: on one line, cut, and without what would end the code.
    private static func code(_ text: String) -> String {
        let line = text.prefix(maximumItem).map { $0 == "`" || $0.isNewline ? " " : $0 }
        return "`" + String(line) + (text.count > maximumItem ? "…" : "") + "`"
    }

    /// A text that an evaluation chose, as a cell of a table.
    private static func plain(_ text: String) -> String {
        text.isEmpty ? "unknown" : code(text.replacing("|", with: " "))
    }
}
