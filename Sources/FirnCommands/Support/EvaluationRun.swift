import NixEval
import NixStore
import NixVM

/// One evaluation of a command: the evaluator, the store that it writes to, and what is reported at the end.
struct EvaluationRun {
    /// What a command asks for besides its evaluator's arguments.
    struct Options {
        /// Whether values are printed without being forced.
        var printsDelayed = false
        /// Whether every object moves at every allocation.
        var stress = false
        /// Whether flakes are evaluated.
        var evaluatesFlakes = false
        /// What the fetchers may download; nil for nothing.
        var network: NetworkSettings?
        var checks: MachineChecks?
        /// Whether statistics are asked for on the command line.
        var asksStatistics = false
        /// Whether NIX_REMOTE is followed even without `--read-write-mode`.
        var followsEnvironment = false
        /// Whether links to the store are asked for.
        var needsRoots = false
    }

    let evaluator: Evaluator
    /// Whether objects of the store can be collected, so that links to them matter.
    let hasRoots: Bool

    /// Makes an evaluator, runs `body`, ends the writing to the store, prints a failure and reports statistics.
    ///
    /// - Returns: the exit code.
    static func perform(
        _ arguments: EvaluatorArguments, _ store: StoreArguments, _ settings: NixSettings,
        _ options: Options = Options(),
        _ body: (EvaluationRun) throws(EvalFailure) -> Void
    ) -> Int32 {
        guard
            let evaluator = arguments.makeEvaluator(
                settings, printsDelayed: options.printsDelayed, stress: options.stress,
                countsWork: Statistics.isWanted(options.asksStatistics), checks: options.checks,
                evaluatesFlakes: options.evaluatesFlakes, network: options.network)
        else {
            Output.note("error: \(AddressSpace.failureText)")
            return 1
        }
        var code: Int32 = 0
        guard
            let session = StoreSession(
                store, arguments, settings, for: evaluator, followsEnvironment: options.followsEnvironment,
                needsRoots: options.needsRoots, code: &code)
        else { return code }
        guard let profile = CallProfile(settings, evaluator) else { return 1 }
        do throws(EvalFailure) {
            try body(EvaluationRun(evaluator: evaluator, hasRoots: session.choice.hasRoots))
            try evaluator.finishStore()
        } catch {
            session.abandon()
            Output.message(evaluator.report(error).text(showTrace: settings.showsTrace))
            code = 1
        }
        if !profile.finish() { code = 1 }
        Statistics.report(evaluator.statistics, isAsked: options.asksStatistics)
        evaluator.storePrograms()
        return code
    }
}
