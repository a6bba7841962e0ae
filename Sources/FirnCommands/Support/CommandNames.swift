import ArgumentParser
import NixVM

/// The names of all commands: those of `firn` and those of the farm.
package enum CommandNames {
    private static var all: [String] { names(of: FirnCommand.self) + FarmExecutable.commands.map(\.name) }

    /// The message for an unknown command; nil if the command is known or the command line names none.
    ///
    /// - Parameter words: the command line without the executable's name.
    package static func mistake(in words: [String]) -> String? {
        var words = words[...]
        if words.first == "help" { words = words.dropFirst() }
        guard let name = words.popFirst(), !name.hasPrefix("-") else { return nil }
        guard let command = FirnCommand.configuration.subcommands.first(where: { $0.configuration.commandName == name })
        else { return FarmExecutable.isName(name) ? nil : unknown(name, of: "firn", all) }
        guard let next = words.first, !next.hasPrefix("-") else { return nil }
        // The command may have subcommands of its own.
        let below = names(of: command)
        return below.isEmpty || next == "help" || below.contains(next) ? nil : unknown(next, of: "firn \(name)", below)
    }

    private static func names(of command: any ParsableCommand.Type) -> [String] {
        command.configuration.subcommands.compactMap { $0.configuration.commandName }
    }

    private static func unknown(_ name: String, of command: String, _ known: [String]) -> String {
        let nearest = Suggestions.closest(to: Array(name.utf8), among: known.map { Array($0.utf8) })
        let choice =
            nearest.isEmpty
            ? "its commands are \(known.joined(separator: ", "))"
            : "did you mean \(nearest.map { "'\(command) \($0)'" }.joined(separator: " or "))?"
        return "error: \(command) has no command '\(name)'; \(choice)"
    }
}
