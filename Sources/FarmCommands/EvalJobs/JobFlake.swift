import ArgumentParser
import FirnCommands
import NixEval
import NixFlakes
import NixStore
import NixVM

/// A flake that jobs on this machine evaluate. It is locked by the command; jobs read its tree and those of its inputs from
/// a directory, so that they need neither a lock file nor the network.
struct JobFlake {
    /// An expression whose value is the flake.
    private let expression: String
    /// The attribute path behind `#`; empty if there is none.
    private let fragment: String

    /// - Parameters:
    ///   - word: the flake reference of the command line.
    ///   - trees: the directory that gets the trees.
    /// - Throws: `ExitCode` if the flake cannot be locked or fetched; the reason has been printed. `CommandFailure` if its
    ///   trees cannot be written.
    init(
        _ word: String, _ flakes: FlakeArguments, _ settingArguments: SettingArguments,
        _ settings: NixSettings, trees: String
    ) throws {
        var arguments = try FlakeEvaluationArguments.parse([])
        arguments.flakes = flakes
        arguments.settings = settingArguments
        let made = BigStack.run { Self.lock(word, arguments, settings, trees: trees) }
        guard let made else { throw CommandFailure(BigStack.failureText) }
        let (flake, fragment) = try made.get()
        try Self.write(flake.trees, to: trees)
        expression = flake.expression
        self.fragment = fragment
    }

    private static func lock(
        _ word: String, _ arguments: FlakeEvaluationArguments, _ settings: NixSettings, trees: String
    ) -> Result<(PortableFlake, String), any Error> {
        guard let evaluator = arguments.makeEvaluator(settings) else {
            return .failure(CommandFailure(AddressSpace.failureText))
        }
        do throws(EvalFailure) {
            let session = try FlakeSession(arguments.flakes, evaluator, settings)
            let made = try session.portable(word) { _, path in
                "\(trees)/\(String(decoding: CanonPath.baseName(of: path), as: UTF8.self))"
            }
            return .success((made.flake, made.fragment))
        } catch {
            Output.message(evaluator.report(error).text(showTrace: settings.showsTrace))
            return .failure(ExitCode(1))
        }
    }

    /// Writes trees under the names of their store paths.
    private static func write(_ trees: [PortableFlake.Tree], to directory: String) throws {
        do {
            let store = try DirectoryStore(Array(directory.utf8))
            for tree in trees {
                let hash = try tree.object.narHash(.sha256, visit: { _ in }, proceed: { _ in true })
                let addition = StoreAddition(
                    path: tree.storePath, address: ContentAddress(.nar, hash), tree.object)
                try store.add(addition) { false }
            }
            try store.finish { false }
        } catch {
            throw CommandFailure("the flake's files cannot be copied: \(error)")
        }
    }

    /// The source of an expression for what is visited.
    ///
    /// - Parameter selects: whether a function gets the whole flake if no attribute is named.
    func source(selects: Bool) -> [UInt8] {
        if fragment.isEmpty, selects { return Array(expression.utf8) }
        let path = Self.names(fragment.isEmpty ? "hydraJobs" : fragment).map(Self.quoted).joined(separator: ".")
        return Array("(\(expression)).outputs.\(path)".utf8)
    }

    /// The names of an attribute path, in which a name may be in quotes.
    static func names(_ path: String) -> [String] {
        var names = [""]
        var isQuoted = false
        for character in path {
            switch character {
            case "\"": isQuoted.toggle()
            case "." where !isQuoted: names.append("")
            default: names[names.count - 1].append(character)
            }
        }
        return names
    }

    /// A text as a string of the language.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text {
            if character == "\\" || character == "$" { result.append("\\") }
            result.append(character)
        }
        return result + "\""
    }
}
