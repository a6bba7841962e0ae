import FirnProtocol
import Foundation
import NixStore
import Synchronization

/// The uploads of one attempt between the evaluating thread, which makes them, and the polling thread, which sends them
/// and receives the replies. The bytes that are not stored are bounded: the evaluating thread waits.
package final class UploadChannel: Sendable {
    private struct Content {
        /// The number of the next upload.
        var next: UInt32 = 0
        /// Uploads that were not taken by the polling thread.
        var outbox: [[[UInt8]]] = []
        /// The bytes of uploads that are not stored, oldest first.
        var sizes: [Int] = []
        var inFlightBytes = 0
        var stored: UInt32 = 0
        var answer: WireOfferAnswer?
        var refusal: WireError?
        /// Takes the replies, if the uploads are made by another process.
        var relay: (@Sendable (WireUploadReply) -> Void)?
    }

    let key: LeaseKey
    /// Bytes of uploads that may be on their way; 0 if the coordinator takes none.
    package let windowBytes: Int
    private let content = Mutex(Content())
    private let signal = WaitSignal()
    private let wake: @Sendable () -> Void

    /// - Parameters:
    ///   - key: the attempt.
    ///   - windowBytes: bytes that may be on their way.
    ///   - wake: called on the evaluating thread when there is something to take.
    package init(key: LeaseKey, windowBytes: Int, wake: @escaping @Sendable () -> Void) {
        self.key = key
        self.windowBytes = windowBytes
        self.wake = wake
    }

    /// Sends an upload. Waits while too much is on its way.
    ///
    /// - Returns: the number of the upload.
    /// - Throws: if the coordinator refused the uploads, or `isStopped` ended the wait.
    func send(_ upload: WireUpload.OneOf_Content, isStopped: () -> Bool) throws(StoreWriteError) -> UInt32 {
        var message = WireUpload()
        message.job = key.job
        message.attempt = key.attempt
        message.content = upload
        let bytes = message.countedBytes
        try wait(isStopped) { $0.inFlightBytes == 0 || $0.inFlightBytes + bytes <= windowBytes }
        // Only this thread changes the number.
        message.number = content.withLock(\.next)
        let frames = Envelope(WorkerMessage.upload(message)).frames()
        content.withLock { content in
            content.next += 1
            content.outbox.append(frames)
            content.sizes.append(bytes)
            content.inFlightBytes += bytes
        }
        wake()
        return message.number
    }

    /// Waits for the answer to an offer: a state for each of its objects.
    func answer(to number: UInt32, isStopped: () -> Bool) throws(StoreWriteError) -> [UInt8] {
        try wait(isStopped) { $0.answer?.number == number && $0.stored > number }
        return content.withLock { [UInt8]($0.answer?.states ?? Data()) }
    }

    /// Waits until everything is stored.
    func drain(isStopped: () -> Bool) throws(StoreWriteError) { try wait(isStopped) { $0.stored == $0.next } }

    /// Why the coordinator accepts nothing more.
    var refusal: WireError? { content.withLock(\.refusal) }

    private func wait(
        _ isStopped: () -> Bool, until condition: (borrowing Content) -> Bool
    ) throws(StoreWriteError) {
        while true {
            let (isMet, refusal) = content.withLock { (condition($0), $0.refusal) }
            if let refusal { throw StoreWriteError(refusal.message) }
            if isMet { return }
            if isStopped() { throw .stopped }
            signal.wait(milliseconds: Self.pollMilliseconds)
        }
    }

    /// How often a wait asks whether it is to end. A reply ends it at once.
    private static let pollMilliseconds = 50

    /// Passes replies on to another process, which makes the uploads.
    func relay(replies: @escaping @Sendable (WireUploadReply) -> Void) { content.withLock { $0.relay = replies } }

    /// Sends an upload of another process, which keeps to the same bounds.
    ///
    /// - Returns: false if it does not.
    func relay(_ upload: WireUpload) -> Bool {
        let bytes = upload.countedBytes
        let isInBounds = content.withLock { content in
            let isFirst = content.inFlightBytes == 0
            guard upload.number == content.next, isFirst || content.inFlightBytes + bytes <= windowBytes else {
                return false
            }
            content.next += 1
            content.outbox.append(Envelope(WorkerMessage.upload(upload)).frames())
            content.sizes.append(bytes)
            content.inFlightBytes += bytes
            return true
        }
        if isInBounds { wake() }
        return isInBounds
    }

    /// Removes and returns the uploads to send, in order.
    func take() -> [[[UInt8]]] {
        content.withLock { content in
            defer { content.outbox = [] }
            return content.outbox
        }
    }

    /// Takes a reply of the coordinator.
    func deliver(_ reply: WireUploadReply) {
        content.withLock { content in
            while content.stored < min(reply.stored, content.next), !content.sizes.isEmpty {
                content.stored += 1
                content.inFlightBytes -= content.sizes.removeFirst()
            }
            if reply.hasAnswer { content.answer = reply.answer }
            if reply.hasRefused { content.refusal = reply.refused }
        }
        content.withLock(\.relay)?(reply)
        signal.post()
    }
}
