import FirnProtocol
import Foundation
import NixStore

/// Uploads the store objects that a job makes. It belongs to the evaluating thread.
///
/// Objects are offered many at a time, and those that the run of the job lacks are sent. An object that another job is
/// sending is offered again later: it may be stored by then, or nobody may be sending it any more.
final class UploadWriter: StoreWriter {
    private let channel: UploadChannel
    /// The roots that the client has too, and their paths as the job sees them. The whole file system is the last one.
    private let localRoots: [(path: [UInt8], name: String)]
    private let segmentBytes: Int
    /// Objects that were not offered.
    private var waiting: [StoreAddition] = []
    private var waitingBytes = 0
    /// Objects that another job is sending.
    private var claimed: [StoreAddition] = []
    private var claimedBytes = 0
    /// The first failure. Nothing is uploaded after it.
    private var failure: StoreWriteError?
    private(set) var summary = WireClosureSummary()

    /// Objects and bytes of texts that are offered together.
    private static let batchCount = ProtocolLimits.namedObjects
    private static let batchBytes = 1 << 20
    /// Bytes of objects that others are sending, at which those are awaited.
    private static let claimedBytes = 8 << 20

    init(_ request: WireClosureRequest, channel: UploadChannel, roots: some Sequence<String>, segmentBytes: Int) {
        self.channel = channel
        self.segmentBytes = max(1, min(segmentBytes, channel.windowBytes / 4))
        let names = Set(roots).intersection(request.localRoots)
        localRoots = names.map { (RootedIO.Root(name: $0, directory: []).path, $0) }.sorted {
            $0.path.count > $1.path.count
        }
        summary.storeDirectory = Data(StorePath.directory)
    }

    /// The texts that are kept, and a segment and the window of the channel.
    var byteCount: Int { waitingBytes + claimedBytes + segmentBytes + channel.windowBytes }

    /// Why the coordinator accepts nothing more; nil if it does.
    var refusal: WireError? { channel.refusal }

    func add(_ addition: StoreAddition, isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        try once { () throws(StoreWriteError) in
            waiting.append(addition)
            waitingBytes += Self.size(addition)
            guard waiting.count >= Self.batchCount || waitingBytes >= Self.batchBytes else { return }
            try offerWaiting(isStopped)
            if claimedBytes >= Self.claimedBytes { try settleClaimed(isStopped) }
        }
    }

    func flush(isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        try once { () throws(StoreWriteError) in
            try offerWaiting(isStopped)
            try settleClaimed(isStopped)
            try channel.drain(isStopped: isStopped)
        }
    }

    func finish(isStopped: @escaping () -> Bool) throws(StoreWriteError) { try flush(isStopped: isStopped) }

    func abandon() {
        waiting = []
        claimed = []
        (waitingBytes, claimedBytes) = (0, 0)
    }

    func addRoot(
        _ link: [UInt8], to path: [UInt8], isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) { throw StoreWriteError("a job makes no garbage collector roots") }

    /// After a failure an object may be sent in part, and what follows refers to objects that are missing.
    private func once(_ body: () throws(StoreWriteError) -> Void) throws(StoreWriteError) {
        if let failure { throw failure }
        do throws(StoreWriteError) {
            try body()
        } catch {
            failure = error
            abandon()
            throw error
        }
    }

    private static func size(_ addition: StoreAddition) -> Int { addition.object.byteCount + addition.path.count }

    private func offerWaiting(_ isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        let batch = waiting
        waiting = []
        waitingBytes = 0
        if batch.isEmpty { return }
        try offer(batch, again: false, isStopped)
        summary.parts += 1
        summary.objects += UInt64(batch.count)
    }

    private func settleClaimed(_ isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        while !claimed.isEmpty {
            let batch = Array(claimed.prefix(Self.batchCount))
            claimed.removeFirst(batch.count)
            claimedBytes -= batch.reduce(0) { $0 + Self.size($1) }
            try offer(batch, again: true, isStopped)
        }
    }

    /// Offers objects, and sends those that are wanted.
    private func offer(
        _ batch: [StoreAddition], again: Bool, _ isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) {
        var offer = WireObjectOffer()
        offer.again = again
        for addition in batch { offer.objects.append(try object(addition)) }
        let number = try channel.send(.offer(offer), isStopped: isStopped)
        let states = try channel.answer(to: number, isStopped: isStopped)
        guard states.count == batch.count else {
            throw StoreWriteError("the coordinator's answer does not fit the store objects that were offered")
        }
        var segments = SegmentBuilder(channel, segmentBytes: segmentBytes, isStopped: isStopped)
        for (addition, state) in zip(batch, states) {
            switch state {
            case OfferState.known: continue
            case OfferState.wanted: try segments.send(addition)
            default:
                claimed.append(addition)
                claimedBytes += Self.size(addition)
            }
        }
        try segments.flush()
        summary.uploadedBytes += segments.contentBytes
    }

    private func object(_ addition: StoreAddition) throws(StoreWriteError) -> WireStoreObject {
        var object = WireStoreObject()
        object.name = Data(CanonPath.baseName(of: addition.path))
        let hash = addition.address.hash
        switch addition.address.method {
        case .text:
            object.method = .text
            if !addition.isDerivation { object.references = try references(addition) }
            return object
        case .nar:
            object.method = .nar
            object.references = try references(addition)
        case .flat: object.method = .flat
        case .git: throw StoreWriteError("cannot upload ", addition.path, ": it is hashed as in Git")
        }
        object.algorithm = hash.algorithm.rawValue
        object.hash = Data(hash.bytes)
        if let source = place(addition.object) { object.source = source }
        return object
    }

    private func references(_ addition: StoreAddition) throws(StoreWriteError) -> [Data] {
        guard addition.object.references.count <= ProtocolLimits.objectReferences else {
            throw StoreWriteError(
                "cannot upload ", addition.path,
                ": it refers to more than \(ProtocolLimits.objectReferences) store objects")
        }
        return addition.object.references.map { Data(CanonPath.baseName(of: $0)) }
    }

    /// Where the client finds the contents itself; nil if it lacks the root, or the source is a part of a tree.
    private func place(_ object: StoreObject) -> WireRootFile? {
        guard let (path, accepted) = object.source, accepted == nil, !Self.isOwn(path),
            let root = localRoots.first(where: { Self.holds($0.path, path) }),
            let below = String(validating: path[root.path.count...].drop { $0 == UInt8(ascii: "/") }, as: UTF8.self),
            below.isEmpty || RelativePath.fault(in: below) == nil
        else { return nil }
        return .with {
            $0.root = root.name
            $0.path = below
        }
    }

    /// Whether a path is one that only the job sees: in its bundle, or in a store object that it made.
    private static func isOwn(_ path: [UInt8]) -> Bool {
        CanonPath.isInside(path, RootedIO.bundlePath) || CanonPath.isInside(path, StorePath.directory)
    }

    /// Whether a path lies in the root that is visible at another one. Roots with names are not part of the whole file
    /// system, whose path is empty.
    private static func holds(_ root: [UInt8], _ path: [UInt8]) -> Bool {
        root.isEmpty ? !CanonPath.isInside(path, RootedIO.rootsPath) : CanonPath.isInside(path, root)
    }
}
