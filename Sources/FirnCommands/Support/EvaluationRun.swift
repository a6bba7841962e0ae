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
        /// The inputs of an evaluation that may continue from an image, and leave one; nil if it may not.
        var images: ImageInputs?
    }

    let evaluator: Evaluator
    /// Whether objects of the store can be collected, so that links to them matter.
    let hasRoots: Bool
    /// The use of an automatic image; nil if there is none.
    let images: ImageSession?

    /// Makes an evaluator, runs `body`, ends the writing to the store, prints a failure and reports statistics.
    ///
    /// - Returns: the exit code.
    static func perform(
        _ arguments: EvaluatorArguments, _ store: StoreArguments, _ settings: NixSettings,
        _ options: Options = Options(),
        _ body: (EvaluationRun) throws(EvalFailure) -> Void
    ) -> Int32 {
        let isWritten = StoreSession.isWritten(store, arguments, followsEnvironment: options.followsEnvironment)
        var images = isWritten ? nil : arguments.images(options.images, settings, options)
        guard let evaluator = makeEvaluator(arguments, settings, options, &images) else {
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
            try body(EvaluationRun(evaluator: evaluator, hasRoots: session.choice.hasRoots, images: images))
            try evaluator.finishStore()
        } catch {
            session.abandon()
            Output.message(evaluator.report(error).text(showTrace: settings.showsTrace))
            code = 1
        }
        if !profile.finish() { code = 1 }
        Statistics.report(evaluator.statistics, isAsked: options.asksStatistics)
        evaluator.storePrograms()
        // An image only saves time, so it is no failure if none is kept.
        if code == 0 { _ = images?.finish(evaluator) }
        return code
    }

    /// Makes the evaluator, from an image if there is one that can be mapped.
    private static func makeEvaluator(
        _ arguments: EvaluatorArguments, _ settings: NixSettings, _ options: Options, _ images: inout ImageSession?
    ) -> Evaluator? {
        func make(_ images: ImageSession?) -> Evaluator? {
            arguments.makeEvaluator(
                settings, printsDelayed: options.printsDelayed, stress: options.stress,
                countsWork: Statistics.isWanted(options.asksStatistics), checks: options.checks,
                evaluatesFlakes: options.evaluatesFlakes, network: options.network, images: images)
        }
        if let session = images {
            if let refusal = session.refusal { warn(refusal, session) }
            if let evaluator = make(session), (try? session.begin(evaluator)) != nil { return evaluator }
            images = nil
        }
        return make(nil)
    }

    /// Names an image that was tampered with or damaged. One that is out of date is nothing to worry about.
    private static func warn(_ refusal: ImageError, _ session: ImageSession) {
        switch refusal {
        case .damaged, .untrusted, .unreadable:
            Output.note("warning: '\(session.file)' is not used and will be replaced: \(refusal.text)")
        default: break
        }
    }
}
