import ByteCounting

/// What unwinding notes about a frame. Notes are small, because a failure that `tryEval` catches must cost little.
enum BacktraceNote {
    /// An instruction, or the address after it if `isStart` is false. `operand` is -1 unless an operand was at fault.
    /// `forced` is the chunk of the thunk that was being forced, or 0.
    case code(
        chunk: UInt32, offset: UInt32, isStart: Bool, operand: Int8, phase: CodeFrame.Phase,
        selection: SelectionDetails,
        forced: UInt32)
    /// A function. `isEntered` says whether its argument had been checked.
    case function(chunk: UInt32, isEntered: Bool)
    /// A tail call, by the address of its instruction.
    case site(UnsafePointer<UInt8>)
    case builtin(Int32)
    case application(function: UInt32)
    case coercion
    case coercionReason(String)
    /// A set for which another value was used, with the position number of the attribute that says so.
    case substitution(String, UInt32)
    /// A functor that was called instead of its set, with its position number.
    case functor(UInt32)
    case failurePosition
    case attribute(symbol: UInt32, position: UInt32, isJSON: Bool)
    /// The position number is that of the attribute whose value the list is, or 0.
    case element(index: Int, position: UInt32, isJSON: Bool)
    case text(String)
    /// A text with the position number of an attribute.
    case textAt(String, UInt32)
    /// The position of the notes that wait for one.
    case position(UInt32?)
    /// A line that is also shown where the trace is cut.
    case important(String)
    case textAtFunction(String, chunk: UInt32)
    /// A text with the position of the next code.
    case here(String)
    /// A text of the program's own (`addErrorContext`).
    case message([UInt8])
    case recursion
    /// The function of the application before had not been evaluated when the application was made.
    case noApplicationPosition
    case file(chunk: UInt32)
}

/// The notes about one failure: those of the innermost and the outermost frames, and the number of those between them.
/// Their size does not depend on the depth of the evaluation, nor on the length of a program's texts.
struct BacktraceNotes {
    /// The number of notes kept at each end.
    static let bound = 25_000
    /// The same for a failure that ends the evaluation, which shall then end soon.
    static let limitBound = 1_000
    /// The approximate number of bytes that a note causes on its way to the text of an error.
    private static let noteBytes = 1_024

    /// The number of notes kept at each end under a memory limit in bytes. The text of an error takes at most an eighth
    /// of the limit.
    static func bound(memoryLimit: Int?) -> Int {
        memoryLimit.map { min(bound, max(limitBound, $0 / (16 * noteBytes))) } ?? bound
    }

    /// The number of notes kept of a caught failure.
    static let caughtBound = 1_000
    /// The total number of bytes of the program's own texts that are kept whole.
    private static let wholeTextBytes = 1 << 20
    /// The number of bytes that are kept of each text after those.
    private static let shortenedTextBytes = 256
    /// The number of bytes that the buffer of a text takes besides the text: its header, and what the allocator adds.
    private static let textOverhead = 48

    private let bound: Int
    private(set) var first: [BacktraceNote] = []
    private var last: [BacktraceNote] = []
    private var next = 0
    private(set) var omitted = 0
    private var textBytes = 0
    /// The number of the program's own texts.
    private var texts = 0

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

    /// Adds a text of the program's own. A long text is truncated when there are many of them.
    mutating func append(message: UnsafeBufferPointer<UInt8>) {
        let room = max(Self.shortenedTextBytes, Self.wholeTextBytes - textBytes)
        let kept = min(message.count, room)
        textBytes += kept
        texts += 1
        let ellipsis = kept < message.count ? Array("...".utf8) : []
        append(.message(Array(message.prefix(kept)) + ellipsis))
    }

    /// Whether the notes of the innermost frames are still being taken.
    private var hasInnerRoom: Bool { first.count < bound && omitted == 0 && last.isEmpty }

    /// Whether the notes of a frame would be dropped, because the frame is neither among the innermost nor among the
    /// outermost ones.
    ///
    /// - Parameter outerFrames: The number of frames outside it.
    func omitsFrame(outerFrames: Int) -> Bool { !hasInnerRoom && outerFrames > bound }

    /// Counts notes that were not taken because notes of outer frames would replace them.
    mutating func skip(_ count: Int) { omitted += count }

    /// Which of `count` notes of one frame to take: as many of the first and of the last ones as are kept at each end.
    func indicesToKeep(of count: Int) -> (first: Range<Int>, last: Range<Int>) {
        let inner = min(count, bound)
        return (0..<inner, max(inner, count - bound)..<count)
    }

    mutating func removeAll() { self = BacktraceNotes(bound: bound) }

    /// The number of all notes, including omitted ones.
    var count: Int { first.count + last.count + omitted }

    /// The approximate number of bytes that the notes take. Each text has a buffer of its own.
    var byteCount: Int {
        first.estimatedByteCount + last.estimatedByteCount + textBytes + texts * BacktraceNotes.textOverhead
    }

    /// A copy of the notes that were taken first.
    func innermost(_ limit: Int) -> BacktraceNotes {
        var notes = BacktraceNotes(bound: bound)
        notes.first = first.count <= limit ? first : Array(first.prefix(limit))
        notes.textBytes = textBytes
        notes.texts = texts
        if limit >= BacktraceNotes.caughtBound { notes.omitted = count - notes.first.count }
        return notes
    }

    /// The notes of the outermost frames, in the order they were taken.
    var outer: [BacktraceNote] { Array(last[next...] + last[..<next]) }
}
