/// What loading a program may still allocate. The budget is checked before each allocation, and polls deadline and
/// cancellation, so that even a huge program does not exceed a limit while its tables are filled.
struct LoadBudget: ~Copyable {
    private let machine: Machine
    /// The bytes that the memory limit leaves.
    private var room: Int
    /// The bytes allocated that are not counted anywhere else. They are counted when loading ends.
    private var uncounted = 0
    /// The bytes allocated that the permanent range and the symbol table count.
    private var counted = 0
    private var unitsUntilPoll = LoadBudget.pollInterval

    /// The number of entries between two polls, which is about 100 µs of work.
    static let pollInterval = 1024

    init(_ machine: Machine) {
        self.machine = machine
        room = machine.interpreter.roomOutsideHeap
    }

    /// Charges bytes that are kept as long as the machine exists.
    mutating func charge(_ bytes: Int) throws(EvalFailure) {
        try require(bytes)
        room -= bytes
        uncounted += bytes
    }

    /// Charges bytes of the permanent range or of the symbol table.
    mutating func chargeCounted(_ bytes: Int) throws(EvalFailure) {
        try require(bytes)
        room -= bytes
        counted += bytes
    }

    /// Ensures that there is room for bytes that are released again.
    mutating func require(_ bytes: Int) throws(EvalFailure) {
        if bytes <= room { return }
        // A collection may find garbage in the heap, so that there is more room than it seemed.
        _ = machine.interpreter.collectForOutsideHeap(bytes + uncounted)
        room = machine.interpreter.roomOutsideHeap - uncounted
        guard bytes <= room else { throw machine.memoryFailure }
    }

    /// Counts entries that were processed, and polls.
    mutating func work(_ units: Int = 1) throws(EvalFailure) {
        unitsUntilPoll -= units
        guard unitsUntilPoll < 0 else { return }
        unitsUntilPoll = Self.pollInterval
        if let failure = machine.stop.failure { throw failure }
    }

    /// Allocates words in the permanent range.
    mutating func permanent(words: Int) throws(EvalFailure) -> Object {
        try chargeCounted(words * 8)
        guard
            let object = machine.state.pointee.heap.allocatePermanent(
                ifRoom: words, beside: machine.state.pointee.symbols.promisedBytes)
        else {
            throw machine.memoryFailure
        }
        return object
    }

    /// The machine's symbol for a name.
    mutating func symbol(_ name: UnsafeBufferPointer<UInt8>) throws(EvalFailure) -> UInt32 {
        try work()
        let hash = machine.state.pointee.symbols.hash(name)
        if let known = machine.state.pointee.symbols.find(name, hash: hash) { return known }
        guard machine.interpreter.hasPermanentRoom(forName: name.count) else { throw machine.memoryFailure }
        try chargeCounted(machine.state.pointee.symbols.growth(forLength: name.count))
        guard let symbol = machine.state.pointee.symbols.add(name, hash: hash) else { throw machine.memoryFailure }
        return symbol
    }

    /// Counts the bytes that were allocated. The next collection comes earlier because of them.
    consuming func finish() {
        machine.interpreter.countOutsideHeap(uncounted)
        machine.interpreter.bringCollectionForward(counted)
    }
}
