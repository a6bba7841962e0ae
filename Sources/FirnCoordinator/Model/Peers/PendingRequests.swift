import FirnProtocol
import JobStore

/// A `Get` that waits for its job to finish.
struct Wait: Sendable {
    let peer: Peer
    let correlation: UInt64
    let job: JobID
    let until: Int64
}

/// A `Submit` whose jobs are being committed, or a `Retry`, which submits jobs again.
struct PendingSubmit: Sendable {
    let peer: Peer
    let correlation: UInt64
    let watch: Bool
    private(set) var receipts: [WireReceipt]
    var remaining: Int
    /// The jobs that are submitted again, and what `RetryReply.next_before` is; nil for a submit.
    var retried: (jobs: [UInt64], nextBefore: UInt64)?
    /// The outcomes, by number, of finished jobs that the jobs are to follow.
    var preceding: [Int64: Int32] = [:]

    init(
        peer: Peer, correlation: UInt64, watch: Bool, count: Int,
        retried: (jobs: [UInt64], nextBefore: UInt64)? = nil
    ) {
        self.peer = peer
        self.correlation = correlation
        self.watch = watch
        self.retried = retried
        receipts = [WireReceipt](repeating: WireReceipt(), count: count)
        remaining = count
    }

    mutating func refuse(_ index: Int, _ error: WireError) { answer(index, .refused(error)) }

    mutating func answer(_ index: Int, _ answer: WireReceipt.OneOf_Answer) {
        receipts[index].answer = answer
        remaining -= 1
    }

    /// The reply when nothing remains.
    var reply: ClientReply {
        guard let retried else { return .submitReply(.with { $0.receipts = receipts }) }
        return .retryReply(
            .with {
                $0.retried = zip(retried.jobs, receipts).map { job, receipt in
                    .with {
                        $0.job = job
                        $0.receipt = receipt
                    }
                }
                $0.nextBefore = retried.nextBefore
            })
    }
}

/// A `Cancel` whose effects are not all committed.
struct PendingCancel: Sendable {
    let peer: Peer
    let correlation: UInt64
    var effects: [WireCancellation]
    var remaining: Int
    /// What `CancelReply.next_before` is.
    var nextBefore: UInt64 = 0
}
