import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol
import NixEval

/// The command `firn submit`.
struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Submit jobs to a farm.",
        discussion: """
            Prints the id of each job, or its value with --wait. The exit code is 1 if a job is refused or, with --wait, ends \
            with another outcome than ok.

            --jobs-from reads one JSON object per line: "source" (text), or "root" and "path", or neither with --prepared, and \
            optionally "attribute", \
            "label", "priority", "system", "strict", "format", "trace", "idempotencyKey", "fairnessKey", "after" (numbers), \
            "arguments" ({NAME: TEXT}), "maxFuel", "maxMemory" (bytes), "maxTime" (seconds). The options apply where a line says nothing. Results are \
            printed in the order in which jobs finish; with --json each bears the number of its line.

            Examples:
              firn submit --wait -E '1 + 1'
              firn submit --root lib --path strings.nix -A version
              firn submit --bundle ./project --entry main.nix --trace calls --wait
              firn submit --jobs-from jobs.jsonl --wait --json
              firn submit --fairness-key nixpkgs --supersedes nixpkgs/pr-17 --root nixpkgs --path pr.nix
              firn submit --after 17 --after 18 -E 'import ./report.nix'
              firn submit --wait --prepared nixpkgs -A hello.drvPath
              firn submit --wait --prepared nixpkgs -E 'pkgs: pkgs.lib.version'
              firn submit --wait --root nixpkgs --path default.nix -A hello.drvPath --store daemon
            """)

    @OptionGroup(title: "What to evaluate") var source: JobSourceArguments
    @OptionGroup(title: "How to evaluate") var options: JobOptionArguments
    @OptionGroup(title: "Relative to other jobs") var scheduling: SchedulingArguments
    @OptionGroup(title: "Connection") var connection: ConnectionArguments
    @OptionGroup(title: "Store") var store: StoreArguments
    @OptionGroup(title: "Store objects of the farm") var closures: ClosureArguments

    @Flag(help: "Wait until the jobs are finished and print their values.")
    var wait = false

    @Flag(help: "Print a line of JSON for each job.")
    var json = false

    @Flag(help: "Show the backtrace of an error.")
    var showTrace = false

    @OptionGroup(title: "Many jobs") var stream: StreamArguments

    mutating func validate() throws {
        let isStreamOfSet = stream.jobsFrom != nil && source.prepared != nil && source.files.isEmpty
        if source.isEmpty == (stream.jobsFrom == nil), !isStreamOfSet {
            throw ValidationError(
                "give what to evaluate: files, -E and expressions, --root with --path, --bundle, --prepared, or --jobs-from"
            )
        }
        if source.prepared != nil, options.system != nil || !options.features.isEmpty {
            throw ValidationError("--prepared: the set has its system and features; leave --system and features out")
        }
        if stream.jobsFrom != nil, options.attributes.count > 1 {
            throw ValidationError("--jobs-from takes one --attr at most; a line may name its own")
        }
        let sources = source.isExpression ? [] : source.files
        try CallArgument.check(options.arguments, files: sources + [stream.jobsFrom].compactMap { $0 })
        let writes = store.store != nil || store.export != nil
        if writes, !wait {
            throw ValidationError("--store and --export are for --wait; or use --derivations client and firn get")
        }
        if writes, closures.derivations == .cache {
            throw ValidationError("--derivations cache gives nothing to --store and --export: nix copy reads the cache")
        }
        if closures.maxClosure != nil || !closures.localRoots.isEmpty, !writes, closures.derivations == nil {
            throw ValidationError("--local-root and --max-closure are for --store, --export and --derivations")
        }
        let names = Set(source.wireRoots.map(\.name))
        for root in closures.localRoots where !names.contains(root.name) {
            throw ValidationError("--local-root \(root.text): the jobs have no --root \(root.name)")
        }
        if showTrace, !wait || json {
            throw ValidationError("--show-trace is for --wait without --json, which has the backtrace anyway")
        }
    }

    func run() async throws {
        if let file = stream.jobsFrom {
            let choice = try chosenStore(store)
            let client = try await connect()
            return try await receiving(choice, client) { receiver in
                try await JobStream(self, client: client, receiver: receiver).run(file)
            }
        }
        let jobs = try source.jobs(try template(), attributes: options.attributes)
        for (index, job) in jobs.enumerated() {
            do throws(ProtocolError) { try job.validate() } catch {
                throw CommandFailure("job \(index + 1): \(error.message)", exitCode: 2)
            }
        }
        let choice = try chosenStore(store)
        let client = try await connect()
        try await receiving(choice, client) { receiver in
            try await ConnectionArguments.reporting { try await submit(jobs, to: client, receiver) }
        }
    }

    private func connect() async throws -> FirnClient {
        let client = try await connection.connect()
        if source.prepared != nil, await !client.welcome.preparedSets {
            throw CommandFailure("the farm has no prepared sets: its coordinator is older than this command")
        }
        if !scheduling.isEmpty { try await SchedulingSupport.require(client) }
        return client
    }

    /// A specification with everything except what to evaluate.
    ///
    /// - Throws: `CommandFailure` if the file of an argument cannot be read.
    func template() throws -> WireJobSpecification {
        var template = try options.template()
        let writes = store.store != nil || store.export != nil
        if let use = source.preparedUse {
            template.prepared = use
            template.system = ""
        }
        if let request = closures.request(isWritten: writes) { template.closure = request }
        scheduling.apply(
            to: &template, run: SchedulingArguments.newRun(), evaluatorVersion: Evaluator.version)
        template.limits.closureBytes = UInt64(closures.maxClosure?.bytes ?? 0)
        return template
    }

    /// Runs the command's work with what writes the store objects of its jobs. They are complete only if it succeeds.
    private func receiving(
        _ choice: StoreChoice, _ client: FirnClient, _ body: (ClosureReceiver?) async throws -> Void
    ) async throws {
        let isWanted = closures.derivations != nil || choice != .computed
        if isWanted, await !client.welcome.closures {
            throw CommandFailure("the farm gives no store objects: its coordinator is older than this command")
        }
        let receiver = try await ClosureReceiver.open(choice, client: client, roots: closures.localRoots)
        do {
            try await body(receiver)
            try await receiver?.finish()
        } catch {
            await receiver?.abandon()
            throw error
        }
    }

    private func submit(
        _ jobs: [WireJobSpecification], to client: FirnClient, _ receiver: ClosureReceiver?
    ) async throws {
        let receipts = try await client.submit(jobs)
        var isRefused = false
        for (index, receipt) in receipts.enumerated() {
            switch receipt {
            case .accepted(let job, let isDuplicate):
                if wait { continue }
                let object = JSONValue.object([("job", .unsigned(job)), ("duplicate", .bool(isDuplicate))])
                Output.write(1, (json ? object.text : "\(job)") + "\n")
            case .refused(let error):
                isRefused = true
                let name = jobs.count > 1 ? "job \(index + 1) of \(jobs.count): " : ""
                if json { Output.write(1, JSONValue.object([("refused", .string("\(error)"))]).text + "\n") }
                Output.note("error: \(name)\(error)")
            }
        }
        if wait {
            let follower = JobFollower(
                client: client, json: json, showTrace: showTrace, showsUpdates: false, receiver: receiver,
                takesStandardOutput: store.takesStandardOutput)
            if try await !follower.finish(receipts.compactMap(\.job)) { isRefused = true }
        }
        if isRefused { throw ExitCode(1) }
    }
}
