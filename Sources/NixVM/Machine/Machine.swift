import NixBytecode
import NixFormats
import NixStore
import Synchronization

/// What an evaluation may use. Nil means no limit.
public struct Limits: Sendable, Equatable {
    /// The units of fuel. One is used for each call and force, and for each unit of a builtin's work.
    public var fuel: Int?
    /// The bytes of everything that the evaluation causes to be kept: heap, stacks, programs, names, contexts, caught
    /// failures, and what builtins hold outside the heap.
    public var memory: Int?
    /// The number of frames, which are the calls and forces that wait for one another.
    public var depth: Int
    /// A time of the monotonic clock, in nanoseconds.
    public var deadline: UInt64?

    public init(fuel: Int? = nil, memory: Int? = nil, depth: Int = 10_000_000, deadline: UInt64? = nil) {
        self.fuel = fuel
        self.memory = memory
        self.depth = depth
        self.deadline = deadline
    }
}

/// Stops an evaluation from another thread.
public final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    public init() {}

    /// Makes the evaluation end soon, with the failure `cancelled`. Any thread may call this.
    public func cancel() { flag.store(true, ordering: .relaxed) }
    public var isCancelled: Bool { flag.load(ordering: .relaxed) }
}

/// What the machine needs from its host to continue.
public enum MachineRequest: Sendable {
    /// The program of a file, for `import`. It is answered with `answer(program:)` or `answer(failure:)`.
    case program(path: [UInt8])
    /// The same, compiled with more names in scope.
    case scopedProgram(path: [UInt8], names: [[UInt8]])
    /// The code of a chunk that a part of a program announced. It is answered with `answer(code:program:)` or
    /// `answer(failure:)`.
    case code(program: Int, chunkIndex: Int)
    /// Outputs of derivations that are about to be read and are not there. It is answered with `answer(built:)` or
    /// `answer(failure:)`.
    case build([NeededOutput])
}

/// What happens when an evaluation reads an output of a derivation, which is an import from derivation.
public enum ImportFromDerivation: Sendable {
    /// An output that is there is read; otherwise the evaluation fails.
    case existing
    /// The evaluation fails, as by Nix's setting `allow-import-from-derivation = false`.
    case forbidden
    /// The host is asked to build the output.
    case built
}

/// An evaluator: heap, stacks, programs and builtins. Only one thread at a time may use it.
public final class Machine {
    /// The units of fuel between two checks of budget, deadline and cancellation.
    static let grantUnits = 8192

    // MARK: Memory, limits and the outside

    /// Owns all memory that is reached by address, including the state.
    private let storage: MachineStorage
    /// The image that the machine continues from; nil if it began with nothing.
    package let image: HeapImage?
    /// Where an image of this machine can be made; nil if none can.
    var region: ImageRegion? { storage.region }
    let state: UnsafeMutablePointer<MachineState>
    public let limits: Limits
    /// What the evaluation reads, with the store objects that it made.
    public let io: StoreView
    /// What the fetchers read, with the same store objects. It is more than `io` where the evaluation may only read what
    /// was fetched.
    let fetchIO: StoreView
    let cancellation: Cancellation?
    /// Receives what `trace` and `warn` print, line by line without the line ends.
    let print: ([UInt8]) -> Void
    /// Receives warnings that have a position. If it is nil, they are printed without their position.
    public var warningHandler: ((EvalFailure) -> Void)?

    // MARK: Failures

    var failure: EvalFailure?
    /// Whether a collection was stopped halfway. Then a value may be at its old address, its new one or neither, so
    /// none may be read.
    private(set) var isHeapAbandoned = false
    /// The caught failures, which the thunks that failed with them refer to.
    let caughtFailures = CaughtFailures()
    /// A thunk that had failed before and was forced again, and the mode of the frame that it would have got.
    var forcedFailedThunk: (thunk: Object, mode: UInt)?
    /// Whether failed assertions and what `throw` throws get no backtrace, because the host passes over them. A backtrace takes
    /// time in proportion to all code.
    public var passesOverAssertions = false
    /// What unwinding has noted since `failure` was set.
    var notes = BacktraceNotes()
    /// The operand at fault of the instruction that failed, or -1 for none.
    var failedOperand: Int8 = -1
    /// The value whose coercion failed, until unwinding reaches the frame that asked for it.
    var coerced = Value.absent
    /// The decoded instructions of chunks in which a selection failed.
    var decodedChunks: [Int: ChunkInstructions] = [:]
    /// The address of the thunk that was forced while it was being forced.
    var recursion: UInt = 0
    /// The failure that goes on after the text of an `addErrorContext` was evaluated.
    var resumedFailure: ResumedFailure?

    // MARK: Programs, roots and builtins

    var request: MachineRequest?
    var programs = LoadedPrograms()
    var globals: [[UInt8]: Value] = [:]
    var importRoots: [ByteKey: Int] = [:]
    /// The root indices in `importRoots`.
    var importedRoots: Set<Int> = []
    /// The root indices of the handles, oldest first.
    var handleLog: [Int] = []
    var freeRoots: [Int] = []
    /// The answer to the last request for a program, until `import` fetches it.
    var answeredProgram: Int?
    /// The failure that answered the last request, until the step that made the request takes it.
    var requestFailure: EvalFailure?

    /// Whether the last request was for outputs, until the step that made the request takes its answer.
    var awaitsBuild = false
    /// The store paths of outputs that were built for this evaluation.
    var builtOutputs: Set<ByteKey> = []

    /// Whether the evaluation has read the clock.
    package var readsClock = false
    /// When the machine was made, in seconds since 1970; null in a pure evaluation.
    private(set) lazy var startTime = io.currentTime().map { Value(small: Int($0)) } ?? .null

    // MARK: Observation, positions and the store

    var recording: EventRecording?
    /// The positions for `unsafeGetAttrPos`.
    var attributePositions = PositionTable()
    /// The position numbers of instructions that define attributes, by chunk and index into its spans.
    var instructionPositions: [UInt64: UInt32] = [:]
    public let settings: MachineSettings
    /// The memory that lent its storage, or nil if the storage is the machine's own.
    private let memory: MachineMemory?
    /// The number of programs that belong to the memory.
    private let sharedPrograms: Int
    let patterns = RegexCache()
    /// Search path entries that do not exist and were reported.
    var missingSearchPaths: Set<[UInt8]> = []
    /// The derivations, contexts and store objects of this evaluation.
    let store = StoreState()
    /// Receives the path and text of each derivation as it is made.
    public var derivationWriter: ((_ path: [UInt8], _ text: [UInt8]) -> Void)?
    /// The store to which new objects are written; nil if store paths are only computed. It is set before the evaluation
    /// begins.
    public var storeWriter: (any StoreWriter)? {
        didSet { countOutsideHeap((storeWriter?.byteCount ?? 0) - (oldValue?.byteCount ?? 0)) }
    }

    /// What happens when an output of a derivation is read. It is set before the evaluation begins.
    public var importFromDerivation = ImportFromDerivation.existing
    /// Whether each output that is built is warned about (`trace-import-from-derivation`).
    public var tracesImportFromDerivation = false

    /// Whether the texts of derivations are needed.
    var writesDerivations: Bool { derivationWriter != nil || storeWriter != nil }

    var interpreter: Interpreter { Interpreter(state: state) }

    /// Makes a machine with storage of its own. The result is nil when the address space cannot be reserved.
    ///
    /// - Parameters:
    ///   - io: What the evaluation reads.
    ///   - fetchIO: What the fetchers read, if that differs.
    ///   - limits: What the evaluation may use.
    ///   - settings: What affects the evaluation besides.
    ///   - cancellation: Stops the evaluation from another thread.
    ///   - region: Where the heap must be so that it can become an image; nil if it need not.
    ///   - image: The image that the machine continues from; nil if it begins with nothing.
    ///   - print: Receives what `trace` and `warn` print, line by line without the line ends.
    public init?(
        io: any EvalIO, fetchIO: (any EvalIO)? = nil, limits: Limits = Limits(),
        settings: MachineSettings = MachineSettings(), cancellation: Cancellation? = nil,
        region: ImageRegion? = nil, image: HeapImage? = nil, print: @escaping ([UInt8]) -> Void
    ) {
        guard
            let storage = MachineStorage(
                memoryLimit: limits.memory, region: image?.header.region ?? region, image: image)
        else {
            return nil
        }
        self.storage = storage
        self.image = image
        self.limits = limits
        self.io = StoreView(io)
        self.fetchIO = fetchIO.map { [view = self.io] in StoreView($0, sharingObjectsOf: view) } ?? self.io
        self.settings = settings
        self.cancellation = cancellation
        self.print = print
        memory = nil
        sharedPrograms = 0
        state = storage.state
        storage.initializeState(for: self)
        setLimits()
        if let image {
            restore(image)
            return
        }
        for known in Symbols.allCases {
            var name = known.rawValue
            name.withUTF8 { _ = state.pointee.symbols.intern($0) }
        }
        installBuiltins()
    }

    /// Makes a machine in memory that earlier machines have used. It behaves as a new one does. The result is nil while
    /// another machine uses the memory.
    public init?(
        memory: MachineMemory, io: any EvalIO, limits: Limits = Limits(), cancellation: Cancellation? = nil,
        print: @escaping ([UInt8]) -> Void
    ) {
        guard memory.acquire() else { return nil }
        let template = memory.template
        self.memory = memory
        self.limits = limits
        self.io = StoreView(io)
        fetchIO = self.io
        settings = template.settings
        self.cancellation = cancellation
        self.print = print
        storage = template.storage
        image = template.image
        state = storage.state
        sharedPrograms = template.programs.count
        state.pointee.host = .passUnretained(self)
        setLimits()
        if let image {
            restore(image)
            return
        }
        programs = template.programs
        globals = template.globals
        importRoots = template.importRoots
        attributePositions = template.attributePositions
    }

    /// Sets the limits in the state. They are first checked at the first allocation.
    private func setLimits() {
        state.pointee.memoryLimit = [limits.memory, storage.sizes.imposedLimit].compactMap { $0 }.min()
        state.pointee.maximumDepth = limits.depth
        state.pointee.fuel = limits.fuel
        state.pointee.fpLimit = state.pointee.framesBase + min(MachineState.firstFrameWindow, limits.depth)
    }

    deinit {
        io.removeAll()
        memory?.release()
    }

    /// Room for the objects of an image, as `MachineStorage.openImageObjects`.
    func openImageObjects(_ byteCount: Int) -> UnsafeMutableRawPointer? { storage.openImageObjects(byteCount) }

    /// Drops what was written to the image's pages.
    func discardImageWrites() { storage.discardImageWrites() }

    /// Marks all values as unusable after a collection was stopped halfway. `failure` says why.
    func abandonHeap() { isHeapAbandoned = true }

    /// Why the evaluation must stop now, if it must.
    func interruption() -> FailureKind? { stop.cause }

    /// The condition to stop the evaluation, which any thread may check.
    public var stop: StopCondition { StopCondition(cancellation: cancellation, deadline: limits.deadline) }

    /// Whether an observer receives events.
    public var isObserved: Bool { recording != nil }
}

/// Choices that affect what an evaluation yields or how it runs.
public struct MachineSettings: Sendable {
    /// Collects at every reservation, with every third collection a full one, to find code that keeps an old address.
    public var stress: Bool
    /// `builtins.currentSystem`, or nil in pure mode.
    public var currentSystem: [UInt8]?
    /// The entries of the search path, each a prefix and a path.
    public var searchPath: [(prefix: [UInt8], path: [UInt8])]
    /// The directory that relative entries of a search path start from, or nil if there is none.
    public var workingDirectory: [UInt8]?
    /// Whether the environment, the clock and the host's paths are hidden.
    public var pure: Bool
    /// Whether `traceVerbose` prints (`--trace-verbose`).
    public var traceVerbose: Bool
    /// Whether calls, thunks and other work of the loop are counted, which makes it slightly slower.
    public var countsWork: Bool
    /// The checks that the machine makes on itself as it runs, or nil for none.
    public var checks: MachineChecks?
    /// The experimental features of Nix that are enabled, such as `ca-derivations`.
    public var features: Set<String>
    /// Whether `warn` ends the evaluation after it has printed its warning (`abort-on-warn`).
    public var abortsOnWarning = false
    /// What the fetchers may read.
    public var fetching = FetchSettings()

    public init(
        stress: Bool = false, currentSystem: [UInt8]? = Array("x86_64-linux".utf8),
        searchPath: [(prefix: [UInt8], path: [UInt8])] = [], pure: Bool = false,
        workingDirectory: [UInt8]? = nil, traceVerbose: Bool = false,
        countsWork: Bool = false, checks: MachineChecks? = nil, features: Set<String> = []
    ) {
        self.stress = stress
        self.currentSystem = currentSystem
        self.searchPath = searchPath
        self.pure = pure
        self.workingDirectory = workingDirectory
        self.traceVerbose = traceVerbose
        self.countsWork = countsWork
        self.checks = checks
        self.features = features
    }
}
