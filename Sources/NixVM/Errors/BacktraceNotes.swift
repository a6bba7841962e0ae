/// What unwinding writes down about a frame: small, so that a failure which `tryEval` catches costs little.
enum BacktraceNote {
    /// An instruction, or the address behind it. `operand` is -1 unless one was at fault; `forced` is the chunk of the
    /// thunk being forced, or 0.
    case code(
        chunk: UInt32, offset: UInt32, isStart: Bool, operand: Int8, phase: CodeFrame.Phase, selection: SelectionPlace,
        forced: UInt32)
    /// A function; whether its body was entered, after its argument was checked.
    case function(chunk: UInt32, isEntered: Bool)
    /// A tail call that left its code.
    case site(UnsafePointer<UInt8>)
    case builtin(Int32)
    case application(function: UInt32)
    case coercion
    case coercionReason(String)
    /// A set that another value stood for, with the number of the position of the attribute that said so.
    case peel(String, UInt32)
    /// A functor that was called in place of its set, with the number of its position.
    case functor(UInt32)
    case failurePosition
    case attribute(symbol: UInt32, position: UInt32, isJSON: Bool)
    /// The position is that of the attribute around the list, or 0.
    case element(index: Int, position: UInt32, isJSON: Bool)
    case text(String)
    /// With the number of an attribute's position.
    case textAt(String, UInt32)
    /// Where what waits for its place is.
    case place(UInt32?)
    /// Shown also where the trace is cut.
    case important(String)
    case textAtFunction(String, chunk: UInt32)
    /// With the place of the next code.
    case here(String)
    /// A text of the program's own (`addErrorContext`).
    case message([UInt8])
    case recursion
    /// The function of the application before was not evaluated when the application was made.
    case noApplicationPosition
    case file(chunk: UInt32)
}

/// The notes of one failure: the innermost and the outermost frames, and how many there were between them.
struct BacktraceNotes {
    /// Notes kept at each end.
    static let bound = 25_000
    /// Notes kept of a failure that was caught.
    static let keptBound = 1_000

    private(set) var first: [BacktraceNote] = []
    private var last: [BacktraceNote] = []
    private var next = 0
    private(set) var omitted = 0

    mutating func append(_ note: BacktraceNote) {
        if first.count < BacktraceNotes.bound, omitted == 0 {
            first.append(note)
        } else if last.count < BacktraceNotes.bound {
            last.append(note)
        } else {
            last[next] = note
            next = (next + 1) % BacktraceNotes.bound
            omitted += 1
        }
    }

    mutating func removeAll() {
        first.removeAll(keepingCapacity: first.capacity < 1_000)
        last = []
        next = 0
        omitted = 0
    }

    /// All notes that were taken.
    var count: Int { first.count + last.count + omitted }

    /// Bytes that the notes take, about.
    var byteCount: Int { (first.count + last.count) * MemoryLayout<BacktraceNote>.stride }

    /// The notes taken first, in memory of their own.
    func innermost(_ most: Int) -> BacktraceNotes {
        var notes = BacktraceNotes()
        notes.first = Array(first.prefix(most))
        if most >= BacktraceNotes.keptBound { notes.omitted = count - notes.first.count }
        return notes
    }

    /// The outermost notes, innermost first.
    var outer: [BacktraceNote] { Array(last[next...] + last[..<next]) }
}
