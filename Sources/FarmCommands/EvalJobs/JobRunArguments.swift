import ArgumentParser
import FirnCommands
import FoundationEssentials

/// The options of `firn eval-jobs` that say how it runs.
struct JobRunArguments: ParsableArguments {
    @Option(
        help:
            "Worker processes of the local farm, or concurrent jobs on a remote one (default: the number of processors)."
    )
    var workers: Int?

    @Option(
        help: ArgumentHelp(
            "The memory of a worker (default: 4096).",
            discussion: """
                This times the number of workers is what all worker processes take together at most. A job that \
                approaches its share is continued by another one. An attribute that needs more than the share is visited \
                at the end, by one job that has all memory.
                """, valueName: "MiB"))
    var maxMemorySize: Int?

    @Option(help: "The most memory of one job, such as 2GiB, where that is less than its share of --max-memory-size.")
    var maxMemory: ByteSize?

    @Option(help: ArgumentHelp("The longest time of one job.", valueName: "seconds"))
    var maxTime = 3_600.0

    @Flag(help: "End with exit code 1 at the first attribute that cannot be evaluated.")
    var failOnError = false

    @Flag(help: "Print a last line {\"summary\":{…}} with the counts of derivations, errors and attributes.")
    var summary = false

    @Flag(help: "Neither read nor write the cache of compiled programs (local farm only).")
    var noCache = false

    mutating func validate() throws {
        if let workers, !(1...1_024).contains(workers) {
            throw ValidationError("--workers takes a number from 1 to 1024, not \(workers)")
        }
        let least = MemoryBudget.minimumShare >> 20
        if let maxMemorySize, !(least...1 << 24).contains(maxMemorySize) {
            throw ValidationError("--max-memory-size takes a number of MiB from \(least), not \(maxMemorySize)")
        }
        guard maxTime > 0, maxTime < 86_400 else {
            throw ValidationError("--max-time takes seconds above 0 and up to a day, not \(maxTime)")
        }
    }

    var workerCount: Int { workers ?? ProcessInfo.processInfo.activeProcessorCount }

    var budget: MemoryBudget {
        MemoryBudget(
            share: maxMemorySize.map { $0 << 20 } ?? MemoryBudget.defaultShare, workers: workerCount,
            jobLimit: maxMemory?.bytes)
    }
}
