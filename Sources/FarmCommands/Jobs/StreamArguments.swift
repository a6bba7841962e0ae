import ArgumentParser

/// The options for many jobs read from a file.
struct StreamArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Submit the jobs of a file with one JSON object per line; - is standard input.", valueName: "file")
    )
    var jobsFrom: String?

    @Option(name: .customLong("batch"), help: "With --jobs-from: the number of jobs in one message (default: 100).")
    var givenBatch: Int?

    @Option(
        name: .customLong("in-flight"),
        help: "With --jobs-from: the most unfinished jobs at any time (default: 1000).")
    var givenInFlight: Int?

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("With --jobs-from: stop reading after this long.", valueName: "seconds"))
    var duration: Double?

    var batch: Int { givenBatch ?? 100 }
    var inFlight: Int { givenInFlight ?? 1_000 }

    mutating func validate() throws {
        if jobsFrom == nil, givenBatch != nil || givenInFlight != nil || duration != nil {
            throw ValidationError("--batch, --in-flight and --for are for --jobs-from")
        }
        guard (1...1_000).contains(batch) else { throw ValidationError("--batch takes a number from 1 to 1000") }
        guard (1...1_000_000).contains(inFlight) else {
            throw ValidationError("--in-flight takes a number from 1 to 1000000")
        }
        if let duration, !(duration > 0 && duration < 1e9) {
            throw ValidationError("--for takes seconds above 0 and below 1000000000, not \(duration)")
        }
    }
}
