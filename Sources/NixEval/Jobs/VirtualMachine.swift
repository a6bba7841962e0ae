import NixStore
import NixVM
import Platform

/// The interpreter of a worker. It evaluates one job after another on a thread of its own, each in a machine in its
/// initial state. Between jobs, it keeps the reserved memory with the builtins in it, and the cached programs.
public actor VirtualMachine {
    nonisolated let executor: BigStackExecutor
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let programs: ProgramCache
    /// The cache of programs in files, for later processes.
    private let disk: DiskCache?
    /// Jobs are pure: clock, environment and system of the machine that they run on are hidden.
    private var memory: (key: MemoryKey, memory: MachineMemory)?
    /// The memories in which images are mapped, the one that was used last at the end.
    private var imageMemories: [(key: MemoryKey, memory: MachineMemory)] = []
    /// How many images are mapped at the same time. Each takes address space, and page tables for what its jobs touch.
    private static let mappedImages = 4
    private let checks: MachineChecks?
    private let fetching: FetchSettings

    /// - Parameters:
    ///   - programCacheBytes: an approximate limit on the bytes of cached programs in memory.
    ///   - programCacheDirectory: the directory for cached programs in files, for later processes of this user; nil for
    ///     none.
    ///   - fetching: what the fetchers may do; they open no connection by default.
    ///   - checks: the self-checks of the machine; nil for none.
    /// - Throws: an error if the thread cannot be started.
    public init(
        programCacheBytes: Int, programCacheDirectory: String? = nil, fetching: FetchSettings = FetchSettings(),
        checks: MachineChecks? = nil
    ) throws {
        self.checks = checks
        self.fetching = fetching
        executor = try BigStackExecutor(name: "firn-interpreter")
        programs = ProgramCache(maximumBytes: max(0, programCacheBytes))
        disk = programCacheDirectory.map { DiskCache(directory: $0) }
    }

    /// Evaluates one job. Every job ends in a report.
    ///
    /// - Parameters:
    ///   - job: the job.
    ///   - cancellation: stops the job from another thread, even before it has begun.
    ///   - trace: the tracing of the job; nil for none.
    ///   - storeWriter: where the store objects are written that the evaluation makes; nil to compute their paths only.
    ///     When the report has a value, all of them are written.
    public func evaluate(
        _ job: EvaluationJob, cancellation: Cancellation, trace: EvaluationTrace? = nil,
        storeWriter: (any StoreWriter)? = nil
    ) -> EvaluationReport {
        let begin = MonotonicClock.now()
        let cpuBegin = MonotonicClock.threadTime()
        var report = run(job, cancellation, trace, storeWriter, begin: begin)
        // What the job took outside the heap would be held by a process that waits, or beside the next job's heap.
        if report.statistics.memoryPeakBytes >= Self.largeJobBytes { FreeMemory.giveBack() }
        report.statistics.elapsed = .nanoseconds(Int64(clamping: MonotonicClock.now() &- begin))
        report.statistics.cpu = .nanoseconds(Int64(clamping: MonotonicClock.threadTime() &- cpuBegin))
        return report
    }

    private func run(
        _ job: EvaluationJob, _ cancellation: Cancellation, _ trace: EvaluationTrace?,
        _ storeWriter: (any StoreWriter)?, begin: UInt64
    ) -> EvaluationReport {
        let run = JobRun(
            job, cancellation: cancellation, trace: trace, storeWriter: storeWriter, begin: begin, programs: programs,
            disk: disk)
        let key = MemoryKey(system: job.system, features: job.features, image: job.image.map { ObjectIdentifier($0) })
        return run.run(in: job.image.map { memory(key, mapping: $0) } ?? memory(key))
    }

    /// What memory is made for.
    private struct MemoryKey: Equatable {
        var system: [UInt8]?
        var features: Set<String>
        /// The image, which its memory keeps open.
        var image: ObjectIdentifier?
    }

    /// The memory from which on a job's is given back at once. Such a job takes a second, and giving back milliseconds.
    private static let largeJobBytes = 128 << 20

    /// Writes the programs that were compiled since the last call to the disk cache. Those that cannot be written are
    /// dropped.
    public func storePrograms() { disk?.store(room: .max, shouldCancel: nil) }

    /// The memory of the previous job if it had the same system and features; otherwise a new one.
    private func memory(_ key: MemoryKey) -> MachineMemory? {
        if let memory, memory.key == key, !memory.memory.isSpent { return memory.memory }
        // The address space of the one before is given back first: there may not be enough for both.
        memory = nil
        memory = MachineMemory(settings: settings(key), prepare: Evaluator.installDerivation).map { (key, $0) }
        return memory?.memory
    }

    /// The memory in which an image is mapped; nil if its place is taken or the system grants no room.
    private func memory(_ key: MemoryKey, mapping image: HeapImage) -> MachineMemory? {
        if let index = imageMemories.firstIndex(where: { $0.key == key }) {
            let known = imageMemories.remove(at: index)
            if !known.memory.isSpent {
                imageMemories.append(known)
                return known.memory
            }
        }
        // Two memories of one image would need the same place.
        imageMemories.removeAll { $0.key.image == key.image }
        if imageMemories.count >= Self.mappedImages { imageMemories.removeFirst() }
        var made = MachineMemory(settings: settings(key), image: image)
        if made == nil, !imageMemories.isEmpty {
            // An image that was made again, or another one, may have had the same place.
            imageMemories = []
            made = MachineMemory(settings: settings(key), image: image)
        }
        guard let memory = made else { return nil }
        imageMemories.append((key, memory))
        return memory
    }

    private func settings(_ key: MemoryKey) -> MachineSettings {
        var settings = MachineSettings(currentSystem: key.system, pure: true, checks: checks, features: key.features)
        settings.fetching = fetching
        return settings
    }
}
