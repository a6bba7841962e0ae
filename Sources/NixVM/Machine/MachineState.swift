/// What the loop keeps in registers; stored whole when anything else must see it.
struct Registers: BitwiseCopyable {
    var pc: UnsafePointer<UInt8>
    /// First free slot.
    var sp: Slot
    /// First slot of the current frame.
    var bp: Slot
    var fp: UnsafeMutablePointer<Frame>
    /// The closure or thunk being run: its captures are the upvalues.
    var env: Object
    /// First free byte of the heap.
    var hp: UnsafeMutableRawPointer
    /// What the current chunk's program refers to.
    var tables: UnsafePointer<ProgramTables>
}

/// What a caller needs back. `update` says what happens to the result.
struct Frame: BitwiseCopyable {
    var pc: UnsafePointer<UInt8>
    var bp: Slot
    var env: Object
    var tables: UnsafePointer<ProgramTables>
    /// `FrameMode` in the low bits, the address of the thunk above them.
    var update: UInt
}

/// Where a frame's result goes.
enum FrameMode {
    /// To the slot below the frame's base, which held the function.
    static let call: UInt = 0
    /// Into the thunk and to the frame's base.
    static let updateAndPush: UInt = 1
    /// Into the thunk; the interrupted instruction or step runs anew and finds it there.
    static let updateAndRetry: UInt = 2
    /// To the frame's base: an instruction turned into a frame.
    static let push: UInt = 3
    /// Set beside the mode once the frame was reused by a tail call.
    static let tailCalled: UInt = 4

    /// Whether the frame gives a thunk its value.
    @inline(__always)
    static func updates(_ mode: UInt) -> Bool { (mode & 3) &- 1 < 2 }
}

/// What an instruction's or a builtin's function asks of the loop.
enum Step: UInt8 {
    /// The instruction is complete.
    case next
    /// The instruction became a frame of a builtin, which goes on.
    case entered
    /// Force the thunk in `pending`, then run this anew.
    case force
    /// Not enough heap for `need` bytes, or stack: make room, then run this anew. Nothing has happened yet.
    case collect
    /// Call the function below `callCount` arguments at the top; then run the next step of this frame.
    case call
    /// The same in place of this frame.
    case tailCall
    /// The builtin's result is in `result`.
    case done
    /// `failure` of the host is set.
    case error
    /// The host must answer `request`, then run this anew.
    case suspend
}

/// Everything that the machine's functions share: numbers, values, and addresses in memory that `MachineStorage` owns and
/// that stays where it is. So a copy of its bits can be put back, as `MachineMemory` does; the compiler sees to it that
/// nothing in it is more than bits.
struct MachineState: BitwiseCopyable {
    var r: Registers
    /// Start of the instruction being executed, where it runs anew.
    var instruction: UnsafePointer<UInt8>
    var hpLimit: UnsafeMutableRawPointer
    /// Where the limit was set by the last collection; it may have been brought forward since, within a step that had
    /// reserved what it took then.
    var windowEnd: UnsafeMutableRawPointer
    var spLimit: Slot
    var fpLimit: UnsafeMutablePointer<Frame>
    /// Units of fuel until the next look at budget, deadline and cancellation.
    var grantedFuel: Int
    var chunks: UnsafeMutablePointer<LoadedChunk>
    var stackBase: Slot
    var framesBase: UnsafeMutablePointer<Frame>
    /// Where the current run began: unwinding does not go below.
    var bottomFrame: UnsafeMutablePointer<Frame>
    var pending = Value.null
    var result = Value.null
    var need = 0
    var needSlots = 0
    /// Bytes beside the heap that the step which asked for room will take.
    var needOutside = 0
    /// Largest `maximumStack` of any chunk loaded.
    var largestFrame = 0
    var chunkCount = 0
    var callCount = 0
    /// Where a frame goes on after `Step.call`, when that is not the step that asked for it.
    var resume: UnsafePointer<UInt8>?
    /// First argument of the builtin being run.
    var arguments: Slot
    var roots: Slot
    var rootCount = 0
    var heap: Heap
    /// Bytes that were alive when everything was last moved.
    var liveBytes = 0
    /// Where the nursery begins: its range's start, but under stress.
    var nurseryStart: UnsafeMutableRawPointer
    var remembered: RememberedSet
    var memoryLimit: Int?
    var maximumDepth: Int
    /// The most frames at a time, as far as the frames themselves no longer tell.
    var deepest = 0
    /// Fuel left beyond `grantedFuel`; nil when there is no limit.
    var fuel: Int?
    var fuelUsed = 0
    var stress = false
    var stressTurn = 0
    /// Where the symbols lie: see `symbols`.
    let symbolsPlace: UnsafeMutablePointer<SymbolTable>
    var layoutCache: UnsafeMutablePointer<LayoutCacheEntry>
    var sharedLayouts: UnsafeMutablePointer<SharedLayout>
    var lookupCache: UnsafeMutablePointer<LookupCacheEntry>
    var checkedElements: UnsafeMutablePointer<CheckedElements>
    var emptyList: Value
    var emptyAttributes: Value
    var emptyString: Value
    /// The table of builtins, which all machines share.
    var builtins: UnsafePointer<BuiltinCode>
    var builtinCount: Int
    /// Eight bytes for each builtin: a `step` instruction.
    var stepCodes: UnsafePointer<UInt8>
    var returnCode: UnsafeMutablePointer<UInt8>
    var applyOneChunk = 0
    var applyTwoChunk = 0
    /// As `applyTwoChunk`, for what `mapAttrs` makes: its function need not be evaluated.
    var applyMappedChunk = 0
    var machineEnv: Object
    var machineTables: UnsafeMutablePointer<ProgramTables>
    var host: Unmanaged<Machine>
    var counters = Counters()
    var tailSites: TailSites

    /// Values that the host and the table of imports can keep at a time.
    static let rootCapacity = 1 << 22
    /// Chunks that one machine can load at most.
    static let chunkCapacity = 1 << 24
    /// Values that the stack has room for before it is first asked for more, and frames.
    static let firstStackWindow = 1 << 14
    static let firstFrameWindow = 1 << 13

    /// The names of the machine, in a place that stays.
    var symbols: SymbolTable {
        @inline(__always) _read { yield symbolsPlace.pointee }
        @inline(__always) nonmutating _modify { yield &symbolsPlace.pointee }
    }

    /// Forgets what is known by address.
    mutating func resetCaches() {
        layoutCache.update(repeating: LayoutCacheEntry(), count: LayoutCacheEntry.count)
        sharedLayouts.update(repeating: SharedLayout(), count: SharedLayout.count)
        resetLookups()
    }

    /// Forgets where keys lie in layouts that have moved or are gone, and how far lists were checked.
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

/// Where a key lies in a layout with many.
struct LookupCacheEntry: BitwiseCopyable {
    static let count = 1024
    var layout: UInt = 0
    var symbol: UInt32 = 0
    /// `absent` when the layout does not have it.
    var index: UInt32 = 0

    static let absent = UInt32.max
}

/// Two layouts, the layout of their union, and how to merge values into it.
struct LayoutCacheEntry: BitwiseCopyable {
    static let count = 2048
    var left: UInt = 0
    var right: UInt = 0
    var union: UInt = 0
    /// A bytes object of `UnionRun`s; 0 when there are too many.
    var runs: UInt = 0
}

/// Neighbours in a union that come from one side.
struct UnionRun: BitwiseCopyable {
    /// Twice the index of the first in its own layout, and 1 more for the right side.
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
    /// Sets and lists with how much is in them, and functions and thunks with what they capture. Those that code makes
    /// are counted only when the settings ask for it.
    public var sets = 0
    public var setElements = 0
    public var lists = 0
    public var listElements = 0
    public var environments = 0
    public var captures = 0
}

/// The handle through which all of the machine is reached; a pointer, so that passing it costs nothing.
struct Interpreter {
    let state: UnsafeMutablePointer<MachineState>

    @inline(__always) var machine: Machine { state.pointee.host._withUnsafeGuaranteedRef { $0 } }
}
