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
    case substitution(String, UInt32)
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

/// The notes of one failure: the innermost and the outermost frames, and how many there were between them. So what they
/// take does not depend on how deep an evaluation was, nor on how long the texts of a program are.
struct BacktraceNotes {
    /// Notes kept at each end.
    static let bound = 25_000
    /// Notes kept at each end of a failure that ends the evaluation, which is to end soon.
    static let limitBound = 1_000
    /// Bytes that a note takes on its way to the text of an error, about.
    private static let noteBytes = 1_024

    /// Notes kept at each end under a memory limit in bytes: an eighth of it goes to an error's text at most.
    static func bound(memoryLimit: Int?) -> Int {
        memoryLimit.map { min(bound, max(limitBound, $0 / (16 * noteBytes))) } ?? bound
    }

    /// Notes kept of a failure that was caught.
    static let keptBound = 1_000
    /// Bytes of the program's own texts that are kept whole.
    private static let mostTextBytes = 1 << 20
    /// Bytes that are kept of each text after those.
    private static let leastTextBytes = 256

    private let bound: Int
    private(set) var first: [BacktraceNote] = []
    private var last: [BacktraceNote] = []
    private var next = 0
    private(set) var omitted = 0
    private var textBytes = 0

    init(bound: Int = BacktraceNotes.bound) { self.bound = bound }

    mutating func append(_ note: BacktraceNote) {
        if hasInnerRoom {
            first.append(note)
        } else if last.count < bound {
            last.append(note)
        } else {
            last[next] = note
            next = (next + 1) % bound
            omitted += 1
        }
    }

    /// Adds a text of the program's own; the end of a long one is left out when there are many.
    mutating func append(message: UnsafeBufferPointer<UInt8>) {
        let room = max(Self.leastTextBytes, Self.mostTextBytes - textBytes)
        let kept = min(message.count, room)
        textBytes += kept
        let ellipsis = kept < message.count ? Array("...".utf8) : []
        append(.message(Array(message.prefix(kept)) + ellipsis))
    }

    /// Whether the notes of the innermost frames are still being taken.
    private var hasInnerRoom: Bool { first.count < bound && omitted == 0 && last.isEmpty }

    /// Whether a frame's notes would not be kept: it is neither among the innermost nor among the outermost ones.
    ///
    /// - Parameter framesAround: how many frames lie around it.
    func leavesOut(framesAround: Int) -> Bool { !hasInnerRoom && framesAround > bound }

    /// Counts notes that were not taken, since others outside them would take their place.
    mutating func skip(_ count: Int) { omitted += count }

    /// Which of so many notes of one frame are worth taking: the first and the last, as many as are kept at each end.
    func worthTaking(of count: Int) -> (first: Range<Int>, last: Range<Int>) {
        let inner = min(count, bound)
        return (0..<inner, max(inner, count - bound)..<count)
    }

    mutating func removeAll() { self = BacktraceNotes(bound: bound) }

    /// All notes that were taken.
    var count: Int { first.count + last.count + omitted }

    /// Bytes that the notes take, about.
    var byteCount: Int { (first.count + last.count) * MemoryLayout<BacktraceNote>.stride + textBytes }

    /// The notes taken first, in memory of their own.
    func innermost(_ most: Int) -> BacktraceNotes {
        var notes = BacktraceNotes(bound: bound)
        notes.first = first.count <= most ? first : Array(first.prefix(most))
        notes.textBytes = textBytes
        if most >= BacktraceNotes.keptBound { notes.omitted = count - notes.first.count }
        return notes
    }

    /// The outermost notes, innermost first.
    var outer: [BacktraceNote] { Array(last[next...] + last[..<next]) }
}
