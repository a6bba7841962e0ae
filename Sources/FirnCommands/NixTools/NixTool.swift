import ArgumentParser
import NixVM

/// The commands of Nix that the executable stands in for when it is started by their names.
enum NixTool: String, CaseIterable {
    case instantiate = "nix-instantiate"
    case env = "nix-env"
    case store = "nix-store"

    /// The command that an executable's name is that of, with or without a directory.
    init?(executable: String) {
        self.init(rawValue: String(executable.split(separator: "/").last ?? ""))
    }

    /// The settings of Nix whose flags have another meaning for the command.
    var declaredFlags: Set<String> {
        switch self {
        case .env: SettingWords.declared.union(["system"])
        case .instantiate, .store: SettingWords.declared
        }
    }

    private var command: any ParsableCommand.Type {
        switch self {
        case .instantiate: NixInstantiateCommand.self
        case .env: NixEnvCommand.self
        case .store: NixStoreCommand.self
        }
    }

    /// Runs the command and ends the process: with 0, or with 1 if the command failed or its command line was wrong, as in
    /// Nix.
    func run(_ words: [String]) -> Never {
        if words.prefix(while: { $0 != "--" }).contains("--version") { leave(printVersion(words)) }
        if let refusal = refusal(of: words) {
            Output.note("error: \(refusal)")
            leave(1)
        }
        let command = self.command
        do {
            var parsed = try command.parseAsRoot(FirnCommand.joinPairs(words, declaredFlags: declaredFlags))
            try parsed.run()
        } catch let code as ExitCode {
            leave(code == .success ? 0 : 1)
        } catch {
            if command.exitCode(for: error) == .success {
                Output.text(command.fullMessage(for: error) + "\n")
                leave(0)
            }
            let message = inNixWords(command.message(for: error))
            Output.message("error: \(message)\nTry '\(rawValue) --help' for more information.\n")
            leave(1)
        }
        leave(0)
    }

    /// What the parser of the command line says, in the words of Nix where it has some for the same mistake.
    private func inNixWords(_ message: String) -> String {
        let unknown = "Unknown option "
        if message.hasPrefix(unknown) {
            return (self == .instantiate ? "unrecognised flag " : "unknown flag ") + message.dropFirst(unknown.count)
        }
        let missing = "Missing value for '"
        if message.hasPrefix(missing) {
            return "'\(message.dropFirst(missing.count).prefix { $0 != " " && $0 != "'" })' requires an argument"
        }
        return message
    }

    /// Prints the line that scripts read, with the version of Nix whose behaviour is implemented. With `-v` it is followed
    /// by what it is that runs.
    private func printVersion(_ words: [String]) -> Int32 {
        Output.text("\(rawValue) (Nix) \(Machine.nixVersion)\n")
        if !Set(["-v", "--verbose", "--debug"]).isDisjoint(with: words) {
            Output.text("Firn \(FirnVersion.text)\nSystem type: \(OwnSystem.name)\n")
        }
        return 0
    }

    /// Why an operation of Nix's command is not to be had here; nil if the words name none.
    private func refusal(of words: [String]) -> String? {
        let refused: [String: String]
        switch self {
        case .instantiate: return nil
        case .env: refused = NixEnvCommand.refusedOperations
        case .store: refused = NixStoreCommand.refusedOperations
        }
        let flags = words.prefix { $0 != "--" }.flatMap(SettingWords.letters)
        guard let flag = flags.first(where: { refused[$0] != nil }), let reason = refused[flag] else { return nil }
        return "'\(rawValue) \(flag)' \(reason)"
    }
}
