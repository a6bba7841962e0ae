import FirnProtocol
import Foundation

/// The prepared sets of a worker process: what its supervisor says of them, and the images that are open. It opens
/// nothing itself.
struct PreparedSets<Image: Sendable>: Sendable {
    struct Entry: Sendable {
        let set: PreparedSet
        /// Nil if it is not known: the root cannot be read, or the file of the image is not open yet.
        fileprivate(set) var identity: [UInt8]?
        fileprivate(set) var image: Image?
        fileprivate var state = WirePreparedSet.State.absent
        fileprivate var byteCount = 0
        fileprivate var reason = ""
        /// What the supervisor said last.
        fileprivate var word: PreparedSetWord?
        fileprivate var isOpening = false
        /// The monotonic time in nanoseconds at which the image's last use was noted; 0 if none was.
        fileprivate var noted: UInt64 = 0
    }

    private(set) var entries: [Entry]

    /// - Parameters:
    ///   - sets: the sets, in the order in which the supervisor has them.
    ///   - contentIDs: the content ids of the roots that could be read.
    init(_ sets: [PreparedSet], contentIDs: [String: [UInt8]]) {
        entries = sets.map { set in
            guard set.origin == .root else { return Entry(set: set, identity: nil, state: .building) }
            guard let id = contentIDs[set.root] else {
                let reason = "the root '\(set.root)' cannot be read"
                return Entry(set: set, identity: nil, state: .failed, reason: reason)
            }
            return Entry(set: set, identity: set.identity(contentID: id))
        }
    }

    /// Takes what the supervisor says.
    ///
    /// - Parameters:
    ///   - words: a word for each set; nil if there is no supervisor.
    ///   - failure: why the image with an identity could not be made.
    /// - Returns: the sets whose images are to be opened.
    mutating func update(_ words: [PreparedSetWord]?, failure: ([UInt8]) -> String?) -> [Int] {
        entries.indices.filter { index in
            guard case .root = entries[index].set.origin else {
                return beginOpening(index, if: entries[index].word == nil)
            }
            guard let words, let identity = entries[index].identity, entries[index].word != words[index] else {
                return false
            }
            entries[index].word = words[index]
            let state = words[index].state(of: identity)
            if state == .ready { return beginOpening(index, if: true) }
            entries[index].image = nil
            entries[index].state = [.building: .building, .failed: .failed][state] ?? .absent
            entries[index].reason = state == .failed ? failure(identity) ?? "it could not be made" : ""
            return false
        }
    }

    private mutating func beginOpening(_ index: Int, if condition: Bool) -> Bool {
        guard condition, !entries[index].isOpening, entries[index].image == nil else { return false }
        entries[index].isOpening = true
        // A word that the supervisor never says, so that the file of an image is opened once.
        if entries[index].word == nil { entries[index].word = PreparedSetWord(rawValue: 0) }
        entries[index].state = .building
        return true
    }

    /// Takes an open image.
    mutating func opened(_ index: Int, _ image: Image, identity: [UInt8], byteCount: Int) {
        entries[index].isOpening = false
        // The supervisor may have removed the image meanwhile.
        if case .root = entries[index].set.origin {
            guard let own = entries[index].identity, entries[index].word?.state(of: own) == .ready else { return }
        } else {
            entries[index].identity = identity
        }
        entries[index].image = image
        entries[index].state = .ready
        entries[index].byteCount = byteCount
        entries[index].reason = ""
    }

    /// Takes the reason why an image cannot be opened.
    mutating func refused(_ index: Int, reason: String) {
        entries[index].isOpening = false
        entries[index].state = .failed
        entries[index].reason = reason
    }

    /// The index of the set with this identity whose image is open; nil if there is none.
    func open(_ identity: some Collection<UInt8>) -> Int? {
        entries.firstIndex { $0.image != nil && ($0.identity ?? []).elementsEqual(identity) }
    }

    /// The index of a set that a worker can make; nil if there is none with that name and identity.
    func index(of prepare: WirePrepareSet) -> Int? {
        entries.firstIndex {
            $0.set.name == prepare.name && $0.set.origin == .root
                && ($0.identity ?? []).elementsEqual(prepare.identity)
        }
    }

    /// Whether the use of an image is to be noted now: at most once in a minute.
    mutating func notesUse(of index: Int, now: UInt64) -> Bool {
        guard entries[index].set.origin == .root else { return false }
        let last = entries[index].noted
        guard last == 0 || now >= last &+ 60_000_000_000 else { return false }
        entries[index].noted = now
        return true
    }

    /// What the worker announces.
    var announced: [WirePreparedSet] {
        entries.map { entry in
            .with {
                $0.name = entry.set.name
                $0.identity = Data(entry.identity ?? [])
                $0.state = entry.state
                $0.byteCount = entry.state == .ready ? UInt64(clamping: entry.byteCount) : 0
                $0.root = entry.set.root
                $0.tenants = entry.set.tenants
                $0.reason = entry.state == .failed ? Self.bounded(entry.reason) : ""
            }
        }
    }

    /// The longest prefix of whole characters that a message may have.
    private static func bounded(_ reason: String) -> String {
        var text = reason
        while text.utf8.count > ProtocolLimits.preparedReasonBytes { text.removeLast() }
        return text
    }
}
