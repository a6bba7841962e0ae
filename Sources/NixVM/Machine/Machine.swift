import NixBytecode
import NixFormats
import NixStore
import Synchronization

/// What an evaluation may use. Nil means no limit.
public struct Limits: Sendable, Equatable {
    /// Units of fuel: one per call and force, and per unit of a builtin's work.
    public var fuel: Int?
    /// Bytes of the nursery, both heap spaces, stack, frames and what programs carry.
    public var memory: Int?
    /// Frames: calls and forces that wait for one another.
    public var depth: Int
    /// Monotonic clock, nanoseconds.
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

    /// Ends the evaluation soon, with the failure `cancelled`. From any thread.
    public func cancel() { flag.store(true, ordering: .relaxed) }
    public var isCancelled: Bool { flag.load(ordering: .relaxed) }
}

/// What the machine asks of its host when it cannot go on alone.
public enum MachineRequest: Sendable {
    /// The program of a file, for `import`; answered with `answerImport`.
    case program(path: [UInt8])
    /// The same compiled with extra names in scope.
    case scopedProgram(path: [UInt8], names: [[UInt8]])
    /// The code of a chunk that a part of a program announced; answered with `answer(code:)`.
    case code(program: Int, chunkIndex: Int)
}

/// One evaluator: heap, stack, programs and builtins. Not to be shared between threads while it runs.
public final class Machine {
    /// How often budget, deadline and cancellation are looked at, in units of fuel.
    static let grantUnits = 8192

    /// All memory that is reached by address; the state lies in it.
    private let storage: MachineStorage
    let state: UnsafeMutablePointer<MachineState>
    public let limits: Limits
    /// All that the evaluation reads, with the store objects it made.
    public let io: StoreView
    let cancellation: Cancellation?
    /// Receives what `trace` and `warn` print, one line at a time without its end.
    let print: ([UInt8]) -> Void
    /// Receives warnings that have a place; without one they are printed without it.
    public var warningHandler: ((EvalFailure) -> Void)?
    var failure: EvalFailure?
    /// Whether a collection was stopped, which leaves values at two places or none: none may be looked at any more.
    private(set) var isHeapAbandoned = false
    /// Failures that were caught, for the thunks that failed with them.
    let keptFailures = KeptFailures()
    /// The thunk that was needed when it had failed before, and the mode of the frame that it would have got.
    var failedAgain: (thunk: Object, mode: UInt)?
    /// What unwinding noted since `failure` was set.
    var notes = BacktraceNotes()
    /// The operand at fault of the instruction that failed; -1 for none.
    var failedOperand: Int8 = -1
    /// The value whose coercion failed, until the frame is met that asked for it.
    var coerced = Value.absent
    /// Chunks in which selections failed, decoded.
    var decodedChunks: [Int: ChunkInstructions] = [:]
    /// Address of the thunk whose forcing forced itself.
    var recursion: UInt = 0
    /// Number, among those kept, of a failure that goes on after the text of an `addErrorContext` was evaluated.
    var resumedFailure: Int?
    var request: MachineRequest?
    var programs: [LoadedProgram] = []
    var globals: [[UInt8]: Value] = [:]
    var importRoots: [ByteKey: Int] = [:]
    /// The indices in `importRoots`.
    var importedRoots: Set<Int> = []
    /// Indices of the roots that handles use, oldest first.
    var handleLog: [Int] = []
    var freeRoots: [Int] = []
    /// The answer to the last request for a program, until `import` takes it.
    var pendingImport: Int?
    var importFailure: EvalFailure?
    var recording: EventRecording?
    /// Positions for `unsafeGetAttrPos`, by number less one: program and span.
    var attributePositions: [(program: UInt32, span: SourceSpan)] = []
    /// Numbers of the instructions that gave an attribute its position, by chunk and entry of its spans.
    var instructionPositions: [UInt64: UInt32] = [:]
    public let settings: MachineSettings
    /// Whose storage it is when it is not the machine's own.
    private let memory: MachineMemory?
    /// Programs that belong to the memory.
    private let sharedPrograms: Int
    let patterns = RegexCache()
    /// Search path entries that were not there, and told of.
    var missingSearchPaths: Set<[UInt8]> = []
    /// Derivations, contexts and store objects of this evaluation.
    let store = StoreState()
    /// Told of each derivation's path and text as it is made.
    public var derivationWriter: ((_ path: [UInt8], _ text: [UInt8]) -> Void)?

    var interpreter: Interpreter { Interpreter(state: state) }

    /// Nil when the address space cannot be reserved.
    public init?(
        io: any EvalIO, limits: Limits = Limits(), settings: MachineSettings = MachineSettings(),
        cancellation: Cancellation? = nil, print: @escaping ([UInt8]) -> Void
    ) {
        guard let storage = MachineStorage(memoryLimit: limits.memory) else {
            return nil
        }
        self.storage = storage
        self.limits = limits
        self.io = StoreView(io)
        self.settings = settings
        self.cancellation = cancellation
        self.print = print
        memory = nil
        sharedPrograms = 0
        state = storage.state
        storage.initializeState(for: self)
        setLimits()
        for name in Symbols.names { _ = state.pointee.symbols.intern(name) }
        installBuiltins()
    }

    /// A machine in memory that others used before it, as good as new. Nil while another one uses it.
    public init?(
        memory: MachineMemory, io: any EvalIO, limits: Limits = Limits(), cancellation: Cancellation? = nil,
        print: @escaping ([UInt8]) -> Void
    ) {
        guard memory.take() else { return nil }
        let template = memory.template
        self.memory = memory
        self.limits = limits
        self.io = StoreView(io)
        settings = template.settings
        self.cancellation = cancellation
        self.print = print
        storage = template.storage
        state = storage.state
        programs = template.programs
        sharedPrograms = template.programs.count
        globals = template.globals
        importRoots = template.importRoots
        attributePositions = template.attributePositions
        state.pointee.host = .passUnretained(self)
        setLimits()
    }

    /// Tells the state what this machine may use. The first look at a limit happens at the first allocation.
    private func setLimits() {
        state.pointee.memoryLimit = [limits.memory, storage.sizes.imposedLimit].compactMap { $0 }.min()
        state.pointee.maximumDepth = limits.depth
        state.pointee.fuel = limits.fuel
        state.pointee.fpLimit = state.pointee.framesBase + min(MachineState.firstFrameWindow, limits.depth)
    }

    deinit {
        io.removeAll()
        memory?.giveBack()
    }

    /// Lets go of all values: a collection was stopped halfway, and `failure` says why.
    func abandonHeap() { isHeapAbandoned = true }

    /// Why the evaluation must stop now, if it must.
    func interruption() -> FailureKind? { stop.cause }

    /// Tells from any thread whether the evaluation must stop.
    public var stop: StopCondition { StopCondition(cancellation: cancellation, deadline: limits.deadline) }

    /// Whether somebody hears what the machine does.
    public var isObserved: Bool { recording != nil }
}

/// Choices that change what an evaluation gives or how it runs.
public struct MachineSettings: Sendable {
    /// Moves everything alive at every reservation, to find what holds on to an old address.
    public var stress: Bool
    /// `builtins.currentSystem`; nil in pure mode.
    public var currentSystem: [UInt8]?
    /// Search path entries: prefix and path.
    public var searchPath: [(prefix: [UInt8], path: [UInt8])]
    /// What relative entries of a search path start from; nil where there is no such place.
    public var workingDirectory: [UInt8]?
    /// No environment, clock or paths of the machine.
    public var pure: Bool
    /// `--trace-verbose`: whether `traceVerbose` prints.
    public var traceVerbose: Bool
    /// Whether calls, thunks and what else the loop does are counted; it is a little slower then.
    public var countsWork: Bool
    /// Whether the machine checks itself as it runs; nil: it does not.
    public var checks: MachineChecks?
    /// Experimental features of Nix that are on, such as `ca-derivations`.
    public var features: Set<String>

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
