/// An activation frame: what the caller needs back, and in `update` what happens to the result.
struct Frame: BitwiseCopyable {
    var pc: UnsafePointer<UInt8>
    var bp: Slot
    var env: Object
    var tables: UnsafePointer<ProgramTables>
    /// A `FrameMode` in the low bits, and above them the address of the thunk being forced.
    var update: UInt
}

/// What happens to the result of a frame.
enum FrameMode {
    /// It goes to the slot below the frame's base, which held the function.
    static let call: UInt = 0
    /// It goes into the thunk and to the frame's base.
    static let updateAndPush: UInt = 1
    /// It goes into the thunk. The interrupted instruction or step runs again and finds it there.
    static let updateAndRetry: UInt = 2
    /// It goes to the frame's base. This is the mode of an instruction that became a frame.
    static let push: UInt = 3
    /// This bit is set in addition once a tail call has reused the frame.
    static let tailCalled: UInt = 4

    /// Whether the frame updates a thunk.
    @inline(__always)
    static func updates(_ mode: UInt) -> Bool { (mode & 3) &- 1 < 2 }
}

/// What the function of an instruction or builtin asks of the loop.
enum Step: UInt8 {
    /// The instruction is complete.
    case next
    /// The instruction became a frame of a builtin, which is to run.
    case entered
    /// The thunk in `pending` must be forced; then this runs again.
    case force
    /// The heap does not have `neededBytes` free, or stack or fuel must be checked; then this runs again. It has had no
    /// effect yet.
    case collect
    /// The function below the `callCount` arguments at the top of the stack must be called; then the next step of this
    /// frame runs.
    case call
    /// The same as a tail call, in this frame.
    case tailCall
    /// The builtin's result is in `result`.
    case done
    /// The machine's `failure` is set.
    case error
    /// The host must answer the machine's `request`; then this runs again.
    case suspend
}

/// Everything that the machine's functions share: numbers, values, and addresses in memory that `MachineStorage` owns
/// and that does not move. A copy of its bits can be restored, as `MachineMemory` does; `BitwiseCopyable` makes the
/// compiler reject a member for which that is wrong.
struct MachineState: BitwiseCopyable {
    // MARK: Execution

    var registers: Registers
    /// The start of the current instruction, from which it runs again.
    var instruction: UnsafePointer<UInt8>
    var hpLimit: UnsafeMutableRawPointer
    /// The limit that the last collection set. `hpLimit` may have been lowered since, by a step that had reserved
    /// memory up to this one.
    var windowEnd: UnsafeMutableRawPointer
    var spLimit: Slot
    var fpLimit: UnsafeMutablePointer<Frame>
    /// The units of fuel left until the next check of budget, deadline and cancellation.
    var grantedFuel: Int

    // MARK: Code, stack and frames

    var chunks: UnsafeMutablePointer<LoadedChunk>
    var chunkCount = 0
    /// The largest `maximumStack` of all chunks that are loaded.
    var largestFrame = 0
    var stackBase: Slot
    var framesBase: UnsafeMutablePointer<Frame>
    /// The frame in which the current run began. Unwinding stops there.
    var bottomFrame: UnsafeMutablePointer<Frame>

    // MARK: Requests and results of steps

    /// The thunk that a step needs to be forced.
    var pending = Value.null
    /// A union that is to be flattened after the next collection, or null. See `noteLookup`.
    var unionToFlatten = Value.null
    /// The result of the step or builtin that was completed last.
    var result = Value.null
    /// The bytes of the heap that a step needs.
    var neededBytes = 0
    /// The slots of the stack that a step needs.
    var neededSlots = 0
    /// The bytes outside the heap that a step needs.
    var neededOutsideBytes = 0
    /// The number of arguments of a call that a step asks for.
    var callCount = 0
    /// The code at which a frame continues after `Step.call`. If it is nil, the step that asked for the call runs
    /// again.
    var resume: UnsafePointer<UInt8>?
    /// The first argument of the current builtin.
    var arguments: Slot

    // MARK: Heap and roots

    var roots: Slot
    var rootCount = 0
    var heap: Heap
    /// The bytes that survived the last full collection.
    var liveBytes = 0
    /// Which part of what joined the old space between the last two full collections was garbage at the second one.
    var garbageShare = 0.5
    /// The most bytes taken at a collection, or when the stack or the frames grew. See `Machine.peakBytes`.
    var peakBytes = 0
    /// The start of the nursery in use, which differs from that of its range under stress only.
    var nurseryStart: UnsafeMutableRawPointer
    var remembered: RememberedSet
    /// The written slots of the image, if there is one.
    var imageWrites = ImageWrites()

    // MARK: Limits and what was used

    var memoryLimit: Int?
    var maximumDepth: Int
    /// The largest number of frames so far, as far as it can no longer be read from the frames.
    var earlierDepthPeak = 0
    /// The fuel left beyond `grantedFuel`, or nil when there is no limit.
    var fuel: Int?
    var fuelUsed = 0
    /// Whether every reservation collects, as described at `MachineSettings.stress`.
    var stress = false
    var stressTurn = 0

    // MARK: Symbols and caches

    /// The address of `symbols`.
    let symbolTable: UnsafeMutablePointer<SymbolTable>
    var layoutCache: UnsafeMutablePointer<LayoutCacheEntry>
    var sharedLayouts: UnsafeMutablePointer<SharedLayout>
    var lookupCache: UnsafeMutablePointer<LookupCacheEntry>
    var checkedElements: UnsafeMutablePointer<CheckedElements>

    // MARK: Constants and builtins

    var emptyList: Value
    var emptyAttributes: Value
    var emptyString: Value
    /// The table of builtins, which all machines share.
    var builtins: UnsafePointer<BuiltinEntry>
    var builtinCount: Int
    /// The code of each builtin: eight bytes with a `step` instruction.
    var stepCodes: UnsafePointer<UInt8>
    var returnCode: UnsafeMutablePointer<UInt8>
    /// The internal chunks whose thunks apply a function to one and to two arguments.
    var applyOneChunk = 0
    var applyTwoChunk = 0
    /// As `applyTwoChunk`, for the values that `mapAttrs` makes.
    var applyMappedChunk = 0
    /// The environment and the tables of frames that run the machine's own code.
    var machineEnv: Object
    var machineTables: UnsafeMutablePointer<ProgramTables>

    // MARK: Host and records

    var host: Unmanaged<Machine>
    var counters = Counters()
    var tailSites: TailSites

    /// The number of values that the host and the import cache can keep at a time.
    static let rootCapacity = 1 << 22
    /// The most chunks that a machine can load.
    static let chunkCapacity = 1 << 24
    /// The initial windows of the stack, in values, and of the frames.
    static let firstStackWindow = 1 << 14
    static let firstFrameWindow = 1 << 13

    /// The machine's symbols.
    var symbols: SymbolTable {
        @inline(__always) _read { yield symbolTable.pointee }
        @inline(__always) nonmutating _modify { yield &symbolTable.pointee }
    }

    /// Empties the caches that are keyed by addresses.
    mutating func resetCaches() {
        layoutCache.update(repeating: LayoutCacheEntry(), count: LayoutCacheEntry.count)
        sharedLayouts.update(repeating: SharedLayout(), count: SharedLayout.count)
        resetLookups()
    }

    /// Removes lookups in layouts that have moved or died, and all records of checked elements.
    mutating func forgetLookups(_ isGone: (UInt) -> Bool) {
        for index in 0..<LookupCacheEntry.count where isGone(lookupCache[index].layout) {
            lookupCache[index] = LookupCacheEntry()
        }
        checkedElements.update(repeating: CheckedElements(), count: CheckedElements.count)
    }

    private mutating func resetLookups() {
        lookupCache.update(repeating: LookupCacheEntry(), count: LookupCacheEntry.count)
        checkedElements.update(repeating: CheckedElements(), count: CheckedElements.count)
    }
}

/// The index of a key in a layout with many keys.
struct LookupCacheEntry: BitwiseCopyable {
    static let count = 1024
    var layout: UInt = 0
    var symbol: UInt32 = 0
    /// This is `absent` when the layout does not have the key.
    var index: UInt32 = 0

    static let absent = UInt32.max
}

/// Two layouts, the layout of their union, and how to merge their values.
struct LayoutCacheEntry: BitwiseCopyable {
    static let count = 2048
    var left: UInt = 0
    var right: UInt = 0
    var union: UInt = 0
    /// A bytes object of `UnionRun`s, or 0 when there are too many of them.
    var runs: UInt = 0
}

/// Neighbours in a union that come from the same side.
struct UnionRun: BitwiseCopyable {
    /// Twice the index of the first one in its own layout, plus one for the right side.
    var start: UInt32
    var count: UInt32

    /// Unions of more runs are merged key by key.
    static let limit = 64
}

/// Counts for `--stats`.
public struct Counters: Sendable, Equatable, BitwiseCopyable {
    public var calls = 0
    public var builtinCalls = 0
    public var forces = 0
    public var thunks = 0
    public var lookups = 0
    public var updates = 0
    public var updateCopies = 0
    public var listConcats = 0
    /// The sets and lists with their elements, and the functions and thunks with their captures. Those that code makes
    /// are counted only if the settings ask for it.
    public var sets = 0
    public var setElements = 0
    public var lists = 0
    public var listElements = 0
    public var environments = 0
    public var captures = 0
}

/// The handle by which all parts of the machine are reached. It is a pointer, so passing it costs nothing.
struct Interpreter {
    let state: UnsafeMutablePointer<MachineState>

    @inline(__always) var machine: Machine { state.pointee.host._withUnsafeGuaranteedRef { $0 } }
}
