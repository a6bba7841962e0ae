import DequeModule
import FirnProtocol
import Foundation
import JobStore

/// The jobs among which store objects are shared.
enum RunKey: Hashable, Sendable {
    case own(JobID)
    /// Jobs of a tenant, by its index, with the same key.
    case shared(tenant: Int, Data)

    init(_ job: Job) {
        guard let key = job.admission.closure?.run, !key.isEmpty else {
            self = .own(job.id)
            return
        }
        self = .shared(tenant: job.tenant, key)
    }
}

/// The store objects that an attempt uploads.
///
/// An offer names objects. Those that its run lacks are claimed for the attempt, which sends them one after the other. A
/// claim ends when the object is on disk or the attempt ends.
///
///     offer ─▶ stored, looked up ═▶ answered ─▶ wanted objects, in segments ═▶ next offer
///                                      └─ again, when others claim objects ═▶ answered once they do not
struct UploadState: Sendable {
    /// An upload that is not on disk.
    struct InFlight: Sendable {
        let bytes: Int
        /// Objects that are complete with it.
        let completed: [Data]
    }

    /// An offer that is not answered.
    struct Offer: Sendable {
        let number: UInt32
        /// The names of the objects, and whether each is to be uploaded unless the run has it.
        let objects: [(name: Data, isUploaded: Bool)]
        /// Whether the objects were offered before.
        let isRepeated: Bool
        /// Whether it waits until nobody else uploads one of the objects.
        var waits = false
    }

    /// The object whose beginning was received.
    struct Partial: Sendable {
        let name: Data
        var length: UInt64
    }

    let run: RunKey
    /// The number of the next upload.
    var next: UInt32 = 0
    /// All uploads with lower numbers are on disk.
    var stored: UInt32 = 0
    var inFlight = Deque<InFlight>()
    var inFlightBytes = 0
    /// Bytes of contents that were received.
    var bytes: UInt64 = 0
    /// Bytes of contents and of lists that were charged to the job and its tenant.
    var charged: UInt64 = 0
    /// Offers that were kept, and the objects in them.
    var parts: UInt32 = 0
    var objects: UInt64 = 0
    /// Claimed objects that were not received completely.
    var wanted: Set<Data> = []
    var partial: Partial?
    var offer: Offer?
    /// The answer to the last offer, which is sent again if the offer is.
    var answer: WireOfferAnswer?
    /// Why nothing more is accepted.
    var refusal: WireError?

    init(run: RunKey) { self.run = run }

    /// Whether everything that was offered is on disk or was not wanted.
    func isComplete(_ summary: WireClosureSummary) -> Bool {
        refusal == nil && offer == nil && wanted.isEmpty && partial == nil && stored == next && parts == summary.parts
            && objects == summary.objects && bytes == summary.uploadedBytes
    }

    /// Takes the pieces of a segment.
    ///
    /// - Returns: what to store, or why the worker broke the rules, as the end of a sentence "it sent an upload that ...".
    mutating func take(_ pieces: [WireObjectPiece]) -> Result<[ObjectBytes], UploadFault> {
        var taken: [ObjectBytes] = []
        for piece in pieces {
            var object = partial ?? Partial(name: piece.name, length: 0)
            guard object.name == piece.name, object.length == piece.offset else {
                return .failure(UploadFault("does not continue where the one before it ended"))
            }
            guard wanted.contains(piece.name) else {
                return .failure(UploadFault("has an object that was not asked for"))
            }
            guard piece.last || !piece.bytes.isEmpty else { return .failure(UploadFault("has an empty piece")) }
            object.length += UInt64(piece.bytes.count)
            bytes += UInt64(piece.bytes.count)
            partial = piece.last ? nil : object
            if piece.last { wanted.remove(piece.name) }
            taken.append(
                ObjectBytes(
                    name: piece.name, bytes: piece.bytes, length: piece.last ? Int64(clamping: object.length) : nil))
        }
        return .success(taken)
    }
}

/// A violation of the protocol by a worker that uploads.
struct UploadFault: Error, Equatable {
    /// The end of a sentence "it sent an upload that ...".
    let message: String

    init(_ message: String) { self.message = message }
}

/// Which job is uploading an object of a run, and the jobs whose offers wait for that.
struct ObjectClaims: Sendable {
    private var holders: [RunKey: [Data: JobID]] = [:]
    private(set) var waiting: [RunKey: Set<JobID>] = [:]

    func holder(of name: Data, in run: RunKey) -> JobID? { holders[run]?[name] }

    mutating func claim(_ name: Data, for job: JobID, in run: RunKey) { holders[run, default: [:]][name] = job }

    /// Ends claims of a job.
    mutating func release(_ names: some Sequence<Data>, of job: JobID, in run: RunKey) {
        for name in names where holders[run]?[name] == job { holders[run]?[name] = nil }
        if holders[run]?.isEmpty ?? false { holders[run] = nil }
    }

    mutating func wait(_ job: JobID, in run: RunKey) { waiting[run, default: []].insert(job) }

    mutating func endWait(_ job: JobID, in run: RunKey) {
        waiting[run]?.remove(job)
        if waiting[run]?.isEmpty ?? false { waiting[run] = nil }
    }
}
