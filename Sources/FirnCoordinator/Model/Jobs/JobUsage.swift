import FirnProtocol

/// What a job used of a worker, and what its tenant is charged for it.
///
/// A worker is one evaluating thread and a part of its machine's memory. The cost of a job is the time for which it
/// occupied a worker, in nanoseconds, by the resource of which it used most:
///
///     cost = max(cpu, memory / workerMemory, fuel * fuelFloor, leastCost)
///
/// - Processor time covers everything that the thread did for the job, including what fuel does not measure: reading
///   and compiling, the work inside builtins, and all work before a failure, a limit or a cancellation.
/// - Memory is measured in bytes times seconds. A job that uses less than `workerMemory` keeps nobody from a worker;
///   one that uses more takes the room of several workers.
/// - The maximum is charged and not the sum, because a second of a worker is paid once. Tenants that keep their workers
///   busy therefore share processor time by their weights, whatever their jobs do.
/// - Fuel is a lower bound for processor time, for a worker that reports none.
struct JobUsage: Sendable, Equatable {
    var cpuNanoseconds: UInt64 = 0
    var memoryByteSeconds: UInt64 = 0
    var fuel: UInt64 = 0

    /// Bytes of memory that come with a worker: the default memory limit of a job.
    static let workerMemory = 1_073_741_824.0
    /// The least nanoseconds that a unit of fuel takes: a quarter of the time measured for plain calls on a processor
    /// of 2024.
    static let fuelFloor = 5.0
    /// Nanoseconds that even an empty job costs: about the processor time that a worker needs for one.
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

    /// The cost in nanoseconds of one worker.
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
