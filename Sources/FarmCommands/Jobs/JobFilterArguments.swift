import ArgumentParser
import FirnProtocol
import FoundationEssentials

/// The options that select jobs of the farm.
struct JobFilterArguments: ParsableArguments {
    @Flag(help: "All jobs, or all that the following options select.")
    var all = false

    @Option(help: ArgumentHelp("Only jobs whose label begins with this.", valueName: "text"))
    var labelPrefix: String?

    @Option(help: ArgumentHelp("Only jobs with this fairness key.", valueName: "key"))
    var fairnessKey: String?

    @Option(help: ArgumentHelp("Only jobs that were submitted within this time.", valueName: "seconds"))
    var newerThan: Double?

    @Option(help: ArgumentHelp("Only jobs that were submitted longer ago.", valueName: "seconds"))
    var olderThan: Double?

    @Option(help: "Only jobs of this tenant (with --operator).")
    var tenant: String?

    /// Checks that jobs are either named or selected.
    func check(named jobs: [UInt64], isOperator: Bool) throws {
        let selects = labelPrefix != nil || fairnessKey != nil || newerThan != nil || olderThan != nil || tenant != nil
        if jobs.isEmpty, !all { throw ValidationError("give the number of at least one job, or --all") }
        if !jobs.isEmpty, all { throw ValidationError("--all takes no numbers of jobs") }
        if selects, !all { throw ValidationError("options that select jobs are for --all") }
        if tenant != nil, !isOperator { throw ValidationError("--tenant is for operators: add --operator") }
        for seconds in [newerThan, olderThan].compactMap({ $0 }) where !(seconds >= 0 && seconds < 1e9) {
            throw ValidationError("--newer-than and --older-than take seconds below 1000000000, not \(seconds)")
        }
    }

    /// The filter without a state and an outcome.
    var wire: WireJobFilter {
        .with {
            let now = Date().timeIntervalSince1970
            $0.labelPrefix = labelPrefix ?? ""
            $0.key = fairnessKey ?? ""
            if let newerThan { $0.submittedFromUnixMs = Int64((now - newerThan) * 1_000) }
            if let olderThan { $0.submittedUntilUnixMs = Int64((now - olderThan) * 1_000) }
            $0.tenant = tenant ?? ""
        }
    }
}
