import NixVM

/// The one virtual machine of a worker: evaluates job after job on a thread of its own, each in a machine that is as
/// good as new. What is kept between jobs is the memory's reservation with the builtins in it, and compiled programs.
public actor VirtualMachine {
    nonisolated let executor: BigStackExecutor
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let programs: ProgramCache
    /// Programs in files, for machines that come later.
    private let disk: DiskCache?
    /// Farms are pure: no clock, environment or system of the machine that a job happens to run on.
    private var memory: MachineMemory?
    private var memorySystem: [UInt8]?
    private var memoryFeatures: Set<String> = []
    private let checks: MachineChecks?

    /// - Parameters:
    ///   - programCacheBytes: about what compiled programs that are kept may take in memory.
    ///   - programCacheDirectory: where programs of files are kept, too, for virtual machines of this user that come
    ///     later; nil: nowhere.
    ///   - checks: whether the machine checks itself as it runs.
    public init(programCacheBytes: Int, programCacheDirectory: String? = nil, checks: MachineChecks? = nil) throws {
        self.checks = checks
        executor = try BigStackExecutor(name: "firn-interpreter")
        programs = ProgramCache(maximumBytes: max(0, programCacheBytes))
        disk = programCacheDirectory.map { DiskCache(directory: $0) }
    }

    /// Evaluates one job. Every job ends in a report.
    ///
    /// - Parameters:
    ///   - cancellation: stops it from another thread; also one that has not begun.
    ///   - trace: who hears what happens; nil: nobody.
    public func evaluate(
        _ job: EvaluationJob, cancellation: Cancellation, trace: EvaluationTrace? = nil
    ) -> EvaluationReport {
        let begin = MonotonicClock.now()
        let cpuBegin = MonotonicClock.threadTime()
        let run = JobRun(
            job, cancellation: cancellation, trace: trace, begin: begin, programs: programs, disk: disk)
        var report = run.run(in: takeMemory(system: job.system, features: job.features))
        report.statistics.elapsedNanoseconds = MonotonicClock.now() &- begin
        report.statistics.cpuNanoseconds = MonotonicClock.threadTime() &- cpuBegin
        return report
    }

    /// Writes the programs that were compiled since the last time, where they are kept in files. What cannot be written
    /// is left out.
    public func storePrograms() { disk?.store(room: .max, mustStop: nil) }

    /// Jobs of one system and with the same features in a row use the same memory.
    private func takeMemory(system: [UInt8]?, features: Set<String>) -> MachineMemory? {
        if memory?.isSpent != false || memorySystem != system || memoryFeatures != features {
            memory = MachineMemory(
                settings: MachineSettings(currentSystem: system, pure: true, checks: checks, features: features),
                prepare: Evaluator.installDerivation)
            memorySystem = system
            memoryFeatures = features
        }
        return memory
    }
}
