import ArgumentParser
import FirnCommands
import NixStore

/// The command `firn compare`.
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Show how the derivations of two revisions differ.",
        discussion: """
            OLD and NEW are the lines that firn eval-jobs or nix-eval-jobs printed: a file, or - for standard input. A \
            directory, a file that ends in .nix, or a flake reference with # is evaluated by firn eval-jobs instead, with \
            the arguments behind -- and with --meta and --stats. Directories with the same contents are not evaluated.

            Attributes are added, removed or changed; rebuilds are the derivations that OLD does not have, for each system. \
            With --runs, both sides are evaluated in turn several times, and what they used is compared by medians; a \
            difference within the range of the runs is noise.

            The exit code is 1 if an evaluation fails or, with --fail-on-error, if there are new errors.

            Examples:
              firn compare main.jsonl branch.jsonl --format markdown
              firn compare ../main ./ --runs 3 -- --workers 2 --arg config '{ }'
            """)

    /// How the differences are printed.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, markdown
    }

    @Argument(help: "The old revision.")
    var old: String

    @Argument(help: "The new revision.")
    var new: String

    @Option(help: "The format: text, json or markdown.")
    var format: Format = .text

    @Option(help: "How often what is evaluated is evaluated.")
    var runs = 1

    @Flag(help: "Also end with exit code 1 if there are new errors.")
    var failOnError = false

    @Argument(parsing: .postTerminator, help: "Arguments for firn eval-jobs.")
    var arguments: [String] = []

    private var sides: (old: ComparedSide, new: ComparedSide) {
        (ComparedSide(word: old, arguments: arguments), ComparedSide(word: new, arguments: arguments))
    }

    mutating func validate() throws {
        guard (1...100).contains(runs) else {
            throw ValidationError("--runs takes a number from 1 to 100, not \(runs)")
        }
        let isEvaluated = sides.old.isEvaluated || sides.new.isEvaluated
        if old == "-", new == "-" { throw ValidationError("only one of OLD and NEW can be standard input") }
        if !isEvaluated, runs > 1 {
            throw ValidationError("--runs is for what is evaluated: a directory, FILE.nix or a flake")
        }
        if !isEvaluated, !arguments.isEmpty {
            throw ValidationError("arguments behind -- are for what is evaluated: a directory, FILE.nix or a flake")
        }
    }

    func run() async throws {
        if areEqualTrees {
            Output.note("the directories have the same contents, so nothing is evaluated")
            return print(try Comparison(Evaluation(), Evaluation()), nil)
        }
        var first: (old: Evaluation, new: Evaluation)?
        var used: (old: [EvaluatedAttribute.Usage], new: [EvaluatedAttribute.Usage]) = ([], [])
        for run in 0..<runs {
            // In turn, so that a machine that becomes slower or faster meanwhile affects both.
            let old = run == 0 || sides.old.isEvaluated ? try await sides.old.evaluation() : nil
            let new = run == 0 || sides.new.isEvaluated ? try await sides.new.evaluation() : nil
            if let usage = old?.usage { used.old.append(usage) }
            if let usage = new?.usage { used.new.append(usage) }
            if let old, let new, first == nil { first = (old, new) }
        }
        guard let first else { return }
        let comparison: Comparison
        do {
            comparison = try Comparison(first.old, first.new)
        } catch {
            throw CommandFailure("\(error)")
        }
        print(comparison, RunStatistics(used.old, used.new))
        if failOnError, !comparison.newErrors.isEmpty { throw ExitCode(1) }
    }

    /// Whether both sides are directories with the same contents.
    private var areEqualTrees: Bool {
        guard sides.old.isEvaluated, sides.new.isEvaluated, let old = RealPath.of(old), let new = RealPath.of(new)
        else {
            return false
        }
        return TreeEquality().areEqual(Array(old.utf8), Array(new.utf8))
    }

    private func print(_ comparison: Comparison, _ statistics: RunStatistics?) {
        switch format {
        case .text: Output.text(ComparisonText(comparison: comparison, statistics: statistics).text)
        case .json:
            Output.write(1, ComparisonJSON(comparison: comparison, statistics: statistics).value.text + "\n")
        case .markdown: Output.text(ComparisonMarkdown(comparison: comparison, statistics: statistics).text)
        }
    }
}
