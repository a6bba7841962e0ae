import NixEval
import NixStore
import NixVM

/// The writing of one command's store objects, from the choice of the store to its end.
struct StoreSession {
    let choice: StoreChoice
    private let evaluator: Evaluator

    /// Opens the store that the command line and the environment name, and gives it to the evaluator. The result is nil
    /// if that fails; the error is printed and `code` is the command's exit code.
    ///
    /// - Parameters:
    ///   - store: the options of the store.
    ///   - arguments: the other options.
    ///   - settings: the settings of Nix.
    ///   - followsEnvironment: whether NIX_REMOTE is followed even without `--read-write-mode`.
    ///   - needsRoots: whether links to the store are asked for.
    init?(
        _ store: StoreArguments, _ arguments: EvaluatorArguments, _ settings: NixSettings, for evaluator: Evaluator,
        followsEnvironment: Bool, needsRoots: Bool = false, code: inout Int32
    ) {
        self.evaluator = evaluator
        do {
            choice = try Self.choose(store, arguments, followsEnvironment)
            try choice.check(needsRoots: needsRoots)
            evaluator.storeWriter = try choice.open(settings.building)
            try setBuilder(store.builder, settings)
        } catch let mistake as StoreChoice.Mistake {
            Output.note("error: \(mistake.message)")
            code = 2
            return nil
        } catch {
            Output.message(Array("error: ".utf8) + ((error as? StoreWriteError)?.message ?? []) + [UInt8(ascii: "\n")])
            code = 1
            return nil
        }
    }

    private static func choose(
        _ store: StoreArguments, _ arguments: EvaluatorArguments, _ followsEnvironment: Bool
    ) throws(StoreChoice.Mistake) -> StoreChoice {
        var wishes = StoreChoice.Wishes(workingDirectory: currentDirectory())
        wishes.store = store.store
        wishes.export = store.export
        wishes.isReadOnly = arguments.readonlyMode
        wishes.isReadWrite = arguments.readWriteMode
        wishes.followsEnvironment = followsEnvironment
        let io = LocalIO()
        return try StoreChoice(wishes) { io.environmentVariable(Array($0.utf8)) }
    }

    /// Whether objects are written to a store.
    static func isWritten(
        _ store: StoreArguments, _ arguments: EvaluatorArguments, followsEnvironment: Bool
    ) -> Bool { (try? choose(store, arguments, followsEnvironment)) != .computed }

    /// Decides what happens when the evaluation reads an output of a derivation.
    private func setBuilder(_ command: String?, _ settings: NixSettings) throws(StoreChoice.Mistake) {
        if settings.allowsImportFromDerivation == false { return }
        if let command {
            guard let directory = choice.objectDirectory else {
                throw StoreChoice.Mistake(
                    message:
                        "--builder builds in a store that is written: add --store daemon or --store DIR")
            }
            evaluator.derivationBuilder = CommandBuilder(
                Array(command.utf8), directory: directory, daemon: evaluator.storeWriter as? DaemonStore
            ) { Output.message($0) }
        } else {
            evaluator.derivationBuilder = evaluator.storeWriter as? DaemonStore
        }
        if command != nil || settings.allowsImportFromDerivation == true { evaluator.importFromDerivation = .built }
    }

    /// Ends the writing after a failure.
    func abandon() { evaluator.storeWriter?.abandon() }
}
