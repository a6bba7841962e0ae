import FirnProtocol

/// What a job used of a worker, and what its tenant is charged for it.
///
/// A worker is one thread that evaluates and a part of its machine's memory. The cost of a job is the time for which it had
/// that worker, in nanoseconds, by the resource of which it used most:
///
///     cost = max(cpu, memory / workerMemory, fuel * fuelFloor, leastCost)
///
/// - Processor time counts all that the thread did for the job, also what fuel does not measure: reading and compiling it,
///   the work inside builtins, and everything up to a failure, a limit or a cancellation.
/// - Memory counts as bytes times seconds. Below `workerMemory` a job keeps nobody from a worker by its memory, and above
///   it, it takes the room of several.
/// - The largest counts and not the sum, because a second of a worker is to be paid once. So tenants that keep their
///   workers busy get processor time by their weights, whatever their jobs do with it.
/// - Fuel is the floor under processor time, for a worker that reports none.
struct JobUsage: Sendable, Equatable {
    var cpuNanoseconds: UInt64 = 0
    var memoryByteSeconds: UInt64 = 0
    var fuel: UInt64 = 0

    /// The memory that comes with a worker: the default limit of a job.
    static let workerMemory = 1_073_741_824.0
    /// Nanoseconds that a unit of fuel takes at least: a quarter of what is measured for plain calls on a processor of 2024.
    static let fuelFloor = 5.0
    /// A job costs the farm something even if it does nothing: about the processor time of a worker for an empty one.
    static let leastCost = 20_000.0

    init() {}

    init(cpuNanoseconds: UInt64) {
        self.cpuNanoseconds = cpuNanoseconds
    }

    init(_ statistics: WireStatistics) {
        cpuNanoseconds = statistics.cpuNs
        memoryByteSeconds = statistics.memoryByteSeconds
        fuel = statistics.fuel
    }

    /// In nanoseconds of one worker.
    var cost: Double {
        let memory = Double(memoryByteSeconds) / Self.workerMemory * 1e9
        return max(Double(cpuNanoseconds), memory, Double(fuel) * Self.fuelFloor, Self.leastCost)
    }

    static func += (sum: inout JobUsage, other: JobUsage) {
        sum.cpuNanoseconds = saturating(sum.cpuNanoseconds, other.cpuNanoseconds)
        sum.memoryByteSeconds = saturating(sum.memoryByteSeconds, other.memoryByteSeconds)
        sum.fuel = saturating(sum.fuel, other.fuel)
    }

    private static func saturating(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}
