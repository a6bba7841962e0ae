import FirnProtocol
import JobStore

/// A `Get` that waits for its job to finish.
struct Wait: Sendable {
    let peer: Peer
    let correlation: UInt64
    let job: JobID
    let until: Int64
}

/// A `Submit` whose jobs are being committed.
struct PendingSubmit: Sendable {
    let peer: Peer
    let correlation: UInt64
    let watch: Bool
    var receipts: [WireReceipt]
    var remaining: Int
}

/// A `Cancel` whose effects are not all committed.
struct PendingCancel: Sendable {
    let peer: Peer
    let correlation: UInt64
    var effects: [WireCancellation]
    var remaining: Int
}
