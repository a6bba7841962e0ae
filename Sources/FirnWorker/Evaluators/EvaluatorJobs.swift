import FirnProtocol
import NixEval
import NixStore
import NixVM
import Synchronization

/// The jobs of an evaluating process, as its evaluator sees them: they come by the first socket, one at a time, and
/// their results go back by it.
package final class EvaluatorJobs: Sendable {
    /// What the evaluator is to do next.
    package enum Event: Sendable {
        /// Run the one job of this queue.
        case job(EvaluationQueue)
        /// Save compiled programs.
        case storePrograms
    }

    private struct Current {
        var key: LeaseKey?
        var cancellation: Cancellation?
        var uploads: UploadChannel?
        /// A lease that was cancelled before its job arrived, because that comes by another socket.
        var cancelled: LeaseKey?
    }

    private let settings: EvaluatorSettings
    private let link: BlockingLink
    private let roots: RootedIO
    private let traces: TraceQueue
    private let current = Mutex(Current())
    /// The open images, by identity. The set of a worker's configuration is small, and an image that was replaced is
    /// closed with the process.
    private let images = Mutex<[[UInt8]: PreparedImage]>([:])

    init(_ settings: EvaluatorSettings, link: BlockingLink, roots: RootedIO) {
        self.settings = settings
        self.link = link
        self.roots = roots
        traces = TraceQueue(maximumBytes: settings.traceQueueBytes)
        // Segments are sent at once, so the queue is empty whenever one is added.
        traces.onMessage { [traces, link] in
            traces.drain { frames in
                if frames.count == ProtocolLimits.frames { link.write(.trace, frames[1]) }
                return true
            }
        }
    }

    /// Waits for what is to be done next; nil when the connection's process has gone.
    package func next() -> Event? {
        while let (kind, body) = link.read() {
            switch kind {
            case .job:
                guard let job = EvaluatorJob(encoded: body) else { return nil }
                do {
                    let queue = EvaluationQueue()
                    queue.insert(try accept(job), aheadOf: nil)
                    return .job(queue)
                } catch {
                    finish(WireJobResult(refused: error))
                }
            case .storePrograms: return .storePrograms
            default: return nil
            }
        }
        return nil
    }

    private func accept(_ job: EvaluatorJob) throws -> AssignedJob {
        let key = LeaseKey(job: job.assignment.job, attempt: job.assignment.attempt)
        let cancellation = Cancellation()
        let channel = UploadChannel(key: key, windowBytes: job.windowBytes) { [weak self] in self?.sendUploads() }
        current.withLock { current in
            if current.cancelled == key { cancellation.cancel() }
            current = Current(key: key, cancellation: cancellation, uploads: channel)
        }
        return AssignedJob(
            key: key, assignment: job.assignment, cancellation: cancellation, roots: roots,
            printedBytes: settings.printedBytes, builder: settings.builder, prepared: try job.image.map(start),
            traces: traces, uploads: channel, segmentBytes: job.segmentBytes)
    }

    private func start(from image: EvaluatorJob.Image) throws -> PreparedStart {
        guard settings.preparedSets.indices.contains(image.set) else {
            throw ProtocolError(.invalidJob, "the worker does not have the prepared set")
        }
        let open = try images.withLock { images in
            if let known = images[image.identity] { return known }
            let opened = try PreparedImage(opening: image.path) { $0 == image.file }
            images[image.identity] = opened
            return opened
        }
        return PreparedStart(set: settings.preparedSets[image.set], image: open)
    }

    private func sendUploads() {
        for frames in current.withLock(\.uploads)?.take() ?? [] where frames.count == ProtocolLimits.frames {
            link.write(.upload, frames[1])
        }
    }

    /// Sends the result of the job that `next` gave.
    package func finish(_ result: WireJobResult) {
        current.withLock { $0 = Current() }
        link.write(.result, result.encoded())
    }

    /// Handles what concerns the current job. Called on the thread of the second socket.
    func control(_ kind: EvaluatorFrame.Kind, _ body: [UInt8]) {
        switch kind {
        case .cancel:
            guard let key = LeaseKey(frameBytes: body) else { return }
            current.withLock { current in
                if current.key == key { current.cancellation?.cancel() } else { current.cancelled = key }
            }
        case .uploadReply:
            guard let reply = try? WireUploadReply(encoded: body) else { return }
            current.withLock { $0.key?.job == reply.job && $0.key?.attempt == reply.attempt ? $0.uploads : nil }?
                .deliver(reply)
        default: return
        }
    }
}
