import ArgumentParser
import FirnProtocol
import FoundationEssentials

/// The options that say when jobs run relative to others of their tenant.
struct SchedulingArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Jobs with the same key, such as a repository or a user, share; keys take turns.", valueName: "key"))
    var fairnessKey: String?

    @Option(help: ArgumentHelp("Run at most this many jobs with the fairness key at once.", valueName: "number"))
    var keyRunning: UInt32 = 0

    @Option(
        help: ArgumentHelp(
            "Cancel the unfinished jobs that were submitted earlier with the same text.", valueName: "text"))
    var supersedes: String?

    @Option(help: ArgumentHelp("Run after this job has ended; repeatable.", valueName: "job"))
    var after: [UInt64] = []

    @Flag(help: "With --after, run also if one of the jobs is not ok; otherwise the job is cancelled.")
    var evenAfterFailure = false

    @Flag(
        help: """
            Take the stored outcome of an equal job if there is one, and store this one. The roots need content ids, and jobs \
            run with this version of the evaluator unless --evaluator-version names another.
            """)
    var cached = false

    var isEmpty: Bool {
        fairnessKey == nil && keyRunning == 0 && supersedes == nil && after.isEmpty && !cached
    }

    mutating func validate() throws {
        if keyRunning > 0, fairnessKey == nil { throw ValidationError("--key-running is for --fairness-key") }
        if evenAfterFailure, after.isEmpty { throw ValidationError("--even-after-failure is for --after") }
        if after.contains(0) { throw ValidationError("--after takes the number of a job, from 1") }
        if supersedes == "" { throw ValidationError("--supersedes takes a text that is not empty") }
    }

    /// Adds the options to a specification.
    ///
    /// - Parameters:
    ///   - job: gets the fields.
    ///   - run: distinguishes this command from others, whose jobs its own supersede.
    ///   - evaluatorVersion: that of stored outcomes.
    func apply(to job: inout WireJobSpecification, run: Data, evaluatorVersion: String) {
        job.key = fairnessKey ?? ""
        job.keyRunning = keyRunning
        if let supersedes {
            job.supersedes.key = supersedes
            job.supersedes.run = run
        }
        job.after = after
        job.afterFailure = evenAfterFailure ? .run : .cancel
        job.cached = cached
        if cached, job.evaluatorVersion.isEmpty { job.evaluatorVersion = evaluatorVersion }
    }

    /// Random bytes for the jobs of a command.
    static func newRun() -> Data {
        var generator = SystemRandomNumberGenerator()
        return Data((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
}
