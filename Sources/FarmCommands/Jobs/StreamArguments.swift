import ArgumentParser

/// How many jobs are read from a file and kept under way.
struct StreamArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp("Submit the jobs of a file, one JSON object a line; - is standard input.", valueName: "file")
    )
    var jobsFrom: String?

    @Option(help: "With --jobs-from: jobs of one message.")
    var batch = 100

    @Option(help: "With --jobs-from: jobs submitted and not finished at any time.")
    var inFlight = 1_000

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("With --jobs-from: read no more after so long.", valueName: "seconds"))
    var duration: Double?

    mutating func validate() throws {
        guard (1...1_000).contains(batch) else { throw ValidationError("--batch takes a number from 1 to 1000") }
        guard (1...1_000_000).contains(inFlight) else {
            throw ValidationError("--in-flight takes a number from 1 to 1000000")
        }
        if let duration, !(duration > 0 && duration < 1e9) {
            throw ValidationError("--for takes seconds above 0, not \(duration)")
        }
    }
}
