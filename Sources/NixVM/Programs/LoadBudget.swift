/// What loading may still take. It is asked before each thing is made, and looks now and then at deadline and
/// cancellation, so that no program, however large, passes a limit while its tables are filled.
struct LoadBudget: ~Copyable {
    private let machine: Machine
    /// Bytes that the memory limit leaves.
    private var room: Int
    /// Bytes taken that nothing else counts: they are counted when loading is over.
    private var uncounted = 0
    /// Bytes taken that the permanent range and the table of symbols count.
    private var counted = 0
    private var unitsUntilPoll = LoadBudget.pollInterval

    /// Entries between two looks at deadline and cancellation: some 100 µs of work.
    static let pollInterval = 1024

    init(_ machine: Machine) {
        self.machine = machine
        room = machine.interpreter.roomOutsideHeap
    }

    /// Takes bytes that are kept as long as the machine.
    mutating func take(_ bytes: Int) throws(EvalFailure) {
        try require(bytes)
        room -= bytes
        uncounted += bytes
    }

    /// Takes bytes of the permanent range or of the table of symbols.
    mutating func takeCounted(_ bytes: Int) throws(EvalFailure) {
        try require(bytes)
        room -= bytes
        counted += bytes
    }

    /// Makes sure of room for bytes that are let go again.
    mutating func require(_ bytes: Int) throws(EvalFailure) {
        if bytes <= room { return }
        // What is no more alive may lie in the heap: then there is more room than there seemed to be.
        _ = machine.interpreter.collectForOutside(bytes + uncounted)
        room = machine.interpreter.roomOutsideHeap - uncounted
        guard bytes <= room else { throw machine.memoryFailure }
    }

    /// Counts entries that were worked through.
    mutating func work(_ units: Int = 1) throws(EvalFailure) {
        unitsUntilPoll -= units
        guard unitsUntilPoll < 0 else { return }
        unitsUntilPoll = Self.pollInterval
        if let failure = machine.stop.failure { throw failure }
    }

    /// Words of the permanent range.
    mutating func permanent(words: Int) throws(EvalFailure) -> Object {
        try takeCounted(words * 8)
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
        try takeCounted(machine.state.pointee.symbols.growth(forLength: name.count))
        guard let symbol = machine.state.pointee.symbols.add(name, hash: hash) else { throw machine.memoryFailure }
        return symbol
    }

    /// Counts what was taken. The next collection comes earlier for it.
    consuming func finish() {
        machine.interpreter.countOutsideHeap(uncounted)
        machine.interpreter.bringCollectionForward(counted)
    }
}
