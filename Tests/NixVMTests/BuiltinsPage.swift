import Foundation

@testable import NixVM

/// The page that lists the builtins, `protocol/builtins.md`: its table is made from the table of builtins, the text
/// around it is written by hand.
enum BuiltinsPage {
    private static let begin = "<!-- The table is generated from the sources: scripts/generate-builtins -->\n"
    private static let end = "<!-- End of the table -->\n"

    static let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../protocol/builtins.md").standardizedFileURL

    /// A row: a builtin that has code, or a constant.
    private struct Row {
        var name: String
        var isGlobal: Bool
        var arguments: [String]
        var since: String
        var summary: String
        var limits: String?

        var text: String {
            let variable = isGlobal ? name : "__\(name)"
            let cells = [
                "`\(name)`", "`\(variable)`", arguments.map { "`\($0)`" }.joined(separator: " "), since, summary,
                limits ?? "",
            ]
            return "|" + cells.map { $0.isEmpty ? " |" : " \($0.replacing("|", with: "\\|")) |" }.joined() + "\n"
        }
    }

    /// The table in Markdown, sorted by name.
    static var table: String {
        let builtins = BuiltinTable.builtins.map {
            Row(
                name: $0.name, isGlobal: $0.isGlobal, arguments: $0.arguments.map(\.name), since: $0.since,
                summary: $0.summary, limits: $0.limits)
        }
        let constants = BuiltinConstant.all.map {
            Row(name: $0.name, isGlobal: $0.isGlobal, arguments: $0.arguments, since: $0.since, summary: $0.summary)
        }
        let head = "| builtin | variable | arguments | since | what it gives | limits |\n|---|---|---|---|---|---|\n"
        return head + (builtins + constants).sorted { $0.name < $1.name }.map(\.text).joined()
    }

    /// A page with its table made anew; nil when it has no place for one.
    static func updated(_ page: String) -> String? {
        guard let first = page.range(of: begin), let last = page.range(of: end),
            first.upperBound <= last.lowerBound
        else { return nil }
        return page[..<first.upperBound] + table + page[last.lowerBound...]
    }
}
