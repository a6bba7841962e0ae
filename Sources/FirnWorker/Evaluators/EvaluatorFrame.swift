/// The frames between the process that holds the connection to the coordinator and a process that evaluates.
///
/// A frame is the number of bytes of its body (4 bytes, little-endian), a kind (1 byte), and the body. Bodies are
/// messages of the protocol where there is one. There are two sockets. On the first, each side sends when it has
/// something to say; a job is sent when the one before it has its result. The second takes to the evaluator what
/// concerns the job that it is evaluating, and has a thread of its own there.
///
///     connection                          evaluator
///         │ ── settings ───────────────────▶ │   once
///         │ ◀─────────────── ready, refused ─│   once
///         │ ── job ────────────────────────▶ │
///         │ ── cancel, uploadReply ────────▶ │   on the second socket
///         │ ◀────────────── trace, upload ───│   any number
///         │ ◀───────────────────── result ───│
///         │ ── storePrograms ──────────────▶ │   between jobs
///
/// The evaluator is not trusted: what it says counts for the job that it was given, and for no other. A frame that is
/// too long or out of place ends it.
enum EvaluatorFrame {
    enum Kind: UInt8, Sendable {
        /// `EvaluatorSettings` as JSON.
        case settings = 1
        /// The reports of the parts of the sandbox as JSON.
        case ready
        /// Why the evaluator cannot start: text.
        case refused
        /// `EvaluatorJob`.
        case job
        /// `JobResult`.
        case result
        /// `TraceSegment`.
        case trace
        /// `Upload`.
        case upload
        /// No body.
        case storePrograms
        /// Job and attempt, 8 and 4 bytes.
        case cancel
        /// `UploadReply`.
        case uploadReply
    }

    static let headerBytes = 5

    static func header(_ kind: Kind, bodyBytes: Int) -> [UInt8] {
        let count = UInt32(clamping: bodyBytes)
        return (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + [kind.rawValue]
    }

    /// Reads a header; nil if there is no such kind.
    static func read(_ header: some BidirectionalCollection<UInt8>) -> (kind: Kind, bodyBytes: Int)? {
        guard header.count == headerBytes, let kind = header.last.flatMap({ Kind(rawValue: $0) }) else { return nil }
        let count = header.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        return (kind, count)
    }
}

extension LeaseKey {
    /// The 12 bytes that name the lease in a frame.
    var frameBytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: job >> (8 * $0)) }
            + (0..<4).map { UInt8(truncatingIfNeeded: attempt >> (8 * $0)) }
    }

    /// Nil if these are not 12 bytes.
    init?(frameBytes bytes: [UInt8]) {
        guard bytes.count == 12 else { return nil }
        let job = bytes[..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        let attempt = bytes[8...].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        self.init(job: job, attempt: attempt)
    }
}
