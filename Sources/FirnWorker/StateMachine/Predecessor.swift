import FirnProtocol

/// A worker process that has ended. Its replacement names it in the hello, so that the coordinator need not wait for it
/// and knows which job to blame.
struct Predecessor: Sendable, Equatable {
    let instance: [UInt8]
    /// The lease that it was evaluating; nil if it was evaluating none.
    let evaluating: LeaseKey?
    /// How it ended, in one line.
    let cause: String

    init(instance: [UInt8], evaluating: LeaseKey?, cause: String) {
        self.instance = instance
        self.evaluating = evaluating
        self.cause = cause
    }

    /// Four words: the instance in hexadecimal, the job and the attempt (zeros if nothing was evaluated), and the
    /// cause, which is the rest of the text.
    var text: String {
        let digits = instance.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        return "\(digits) \(evaluating?.job ?? 0) \(evaluating?.attempt ?? 0) \(cause)"
    }

    /// Reads what `text` gives; nil for any other text.
    init?(text: String) {
        let words = text.split(separator: " ", maxSplits: 3).map(String.init)
        guard words.count == 4, words[0].utf8.count == 32, let job = UInt64(words[1]), let attempt = UInt32(words[2])
        else { return nil }
        let digits = words[0].utf8.compactMap { UInt8(String(UnicodeScalar($0)), radix: 16) }
        guard digits.count == 32 else { return nil }
        instance = stride(from: 0, to: 32, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        evaluating = attempt == 0 ? nil : LeaseKey(job: job, attempt: attempt)
        cause = words[3]
    }

    var wire: WirePredecessor {
        .with {
            $0.instance = .init(instance)
            $0.cause = cause
            if let evaluating { $0.evaluating = evaluating.wire() }
        }
    }
}
