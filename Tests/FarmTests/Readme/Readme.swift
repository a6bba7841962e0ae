import Foundation
import Testing

/// README.md as a list of instructions: the commands and files of its indented blocks, in order.
struct Readme {
    enum Step: Equatable {
        /// The following steps happen on this host.
        case host(String)
        /// Files are copied to another host, on which the following steps happen.
        case copy([String], to: String)
        /// A file: a block whose first line is a comment with the file's name.
        case file(name: String, content: String)
        /// A command for the shell.
        case command(String)
        /// Any other line of a block.
        case other(String)
    }

    struct Section: CustomTestStringConvertible {
        let title: String
        var steps: [Step] = []

        var testDescription: String { title }
        var commands: [String] {
            steps.compactMap { if case .command(let line) = $0 { line } else { nil } }
        }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The sections that have commands.
    static let sections: [Section] = {
        let text = (try? String(contentsOf: folder.appending(path: "README.md"), encoding: .utf8)) ?? ""
        return read(text).filter { !$0.commands.isEmpty }
    }()

    /// Text before the first section title contains no instructions.
    private static func read(_ text: String) -> [Section] {
        var sections: [Section] = []
        for paragraph in text.components(separatedBy: "\n\n") {
            if paragraph.hasPrefix("## ") {
                sections.append(Section(title: String(paragraph.dropFirst(3))))
            } else if !sections.isEmpty {
                sections[sections.count - 1].steps += steps(paragraph)
            }
        }
        return sections
    }

    private static func steps(_ paragraph: String) -> [Step] {
        let lines = paragraph.split(separator: "\n").map(String.init)
        guard lines.allSatisfy({ $0.hasPrefix("    ") }) else { return hosts(lines.joined(separator: " ")) }
        let block = lines.map { String($0.dropFirst(4)) }
        if let first = block.first, first.hasPrefix("# "), first.hasSuffix(".yaml") {
            return [
                .file(name: String(first.dropFirst(2)), content: block.dropFirst().joined(separator: "\n") + "\n")
            ]
        }
        return block.map { line in
            ["firn ", "export ", "scripts/"].contains { line.hasPrefix($0) } ? .command(line) : .other(line)
        }
    }

    /// Recognises a paragraph that ends with "On `HOST`:", and the sentence "Copy `FILE` and `FILE` to `HOST`, and there:".
    private static func hosts(_ prose: String) -> [Step] {
        let words = prose.split(separator: "`", omittingEmptySubsequences: false).map(String.init)
        guard prose.hasSuffix(":"), words.count >= 3 else { return [] }
        let host = words[words.count - 2]
        if words[words.count - 3].hasSuffix("On "), words.last == ":" { return [.host(host)] }
        guard words[0] == "Copy ", words.last == ", and there:" else { return [] }
        return [.copy(stride(from: 1, to: words.count - 3, by: 2).map { words[$0] }, to: host)]
    }
}
