/// What a supervisor does so that its worker has the images of its prepared sets: events come in, and the next step comes
/// out. It reads no file and starts no process.
///
///     unknown ──root read──▶ unchecked ──no image──▶ absent ──▶ building ──▶ ready
///                                └──────image───────────────────────────────▶ │
///                                                   absent ◀──removed─────────┘
///                              failed ◀──────────── building (tried again later)
///
/// An image that is new is made at once; one that was removed for its size, when a process wants it. One is made at a
/// time, because each may take as much memory as a job.
struct ImagePlan: Sendable {
    enum State: Sendable, Equatable { case unknown, unchecked, checking, absent, building, ready, failed }

    /// The next step.
    enum Step: Sendable, Equatable {
        /// Look whether the image is there and whole; report it by `checked`.
        case check(Int)
        /// Start a process that makes the image; report its end by `ended`.
        case build(Int)
    }

    /// How the process that made an image ended.
    enum Ending: Sendable, Equatable {
        /// The image is there, made by it or another.
        case made
        /// Another process is making the image.
        case busy
        /// The root has other contents than those that the image is for.
        case rootChanged
        case failed
    }

    struct Slot: Sendable {
        let set: PreparedSet
        fileprivate(set) var identity: [UInt8]?
        fileprivate(set) var state = State.unknown
        fileprivate var hasBeenRead = false
        /// Whether the image is to be made although nobody wants it.
        fileprivate var isNew = true
        /// The time before which nothing is tried again.
        fileprivate var retryAt: UInt64 = 0
        fileprivate var failures = 0
    }

    private(set) var slots: [Slot]
    private(set) var building: Int?

    /// - Parameter sets: the sets of the configuration; those with a file of their own are left alone.
    init(_ sets: [PreparedSet]) { slots = sets.map { Slot(set: $0) } }

    /// The roots that images are made from.
    var roots: [String] { Set(slots.filter { $0.set.origin == .root }.map(\.set.root)).sorted() }

    /// Takes the content id of a root; nil if it cannot be read.
    ///
    /// - Returns: whether a set of it is another one than before.
    mutating func rootRead(_ name: String, contentID: [UInt8]?) -> Bool {
        var isChanged = false
        for index in slots.indices where slots[index].set.origin == .root && slots[index].set.root == name {
            let identity = contentID.map { slots[index].set.identity(contentID: $0) }
            defer { slots[index].hasBeenRead = true }
            guard identity != slots[index].identity else { continue }
            isChanged = isChanged || slots[index].hasBeenRead
            slots[index] = Slot(
                set: slots[index].set, identity: identity, state: identity == nil ? .unknown : .unchecked)
        }
        return isChanged
    }

    /// Takes what was found in place of an image.
    mutating func checked(_ index: Int, identity: [UInt8], isWhole: Bool) {
        guard slots[index].identity == identity, slots[index].state == .checking else { return }
        slots[index].state = isWhole ? .ready : .absent
        if isWhole { slots[index].isNew = false }
    }

    /// Takes the wish of a process.
    mutating func want(_ identity: [UInt8]) {
        for index in slots.indices where slots[index].identity == identity && slots[index].state == .absent {
            slots[index].isNew = true
        }
    }

    /// Takes the news that the image is not there any more.
    mutating func removed(_ identity: [UInt8]) {
        for index in slots.indices where slots[index].identity == identity && slots[index].state == .ready {
            slots[index].state = .absent
            slots[index].isNew = false
        }
    }

    /// Takes the end of the process that made an image.
    mutating func ended(_ ending: Ending, now: UInt64) {
        guard let index = building else { return }
        building = nil
        // Otherwise the root was replaced meanwhile.
        guard slots[index].state == .building else { return }
        switch ending {
        case .made: slots[index].state = .unchecked
        case .busy:
            slots[index].state = .unchecked
            slots[index].retryAt = now &+ Self.busyNanoseconds
        case .rootChanged:
            slots[index].state = .absent
            slots[index].retryAt = now &+ Self.busyNanoseconds
        case .failed:
            slots[index].state = .failed
            slots[index].failures += 1
            slots[index].retryAt = now &+ Self.retryNanoseconds << UInt64(min(slots[index].failures - 1, 6))
        }
    }

    /// The next step, which the caller takes at once; nil if there is nothing to do.
    mutating func next(now: UInt64) -> Step? {
        for index in slots.indices where now >= slots[index].retryAt {
            switch slots[index].state {
            case .unchecked:
                slots[index].state = .checking
                return .check(index)
            case .failed:
                slots[index].state = .absent
                slots[index].isNew = true
            case .unknown, .checking, .absent, .building, .ready: break
            }
        }
        let waiting = slots.indices.first { slots[$0].state == .absent && slots[$0].isNew && now >= slots[$0].retryAt }
        guard building == nil, let index = waiting else { return nil }
        building = index
        slots[index].state = .building
        return .build(index)
    }

    /// Whether nothing is to be done before something happens: every set is there, failed or wanted by nobody.
    var isSettled: Bool {
        slots.allSatisfy { slot in
            switch slot.state {
            case .ready, .failed, .unknown: true
            case .absent: !slot.isNew
            case .unchecked, .checking, .building: false
            }
        }
    }

    /// What processes are told of each set.
    var words: [PreparedSetWord] {
        slots.map { slot in
            guard let identity = slot.identity else { return PreparedSetWord(rawValue: 0) }
            let state: PreparedSetWord.State =
                switch slot.state {
                case .unknown: .unknown
                case .unchecked, .checking: .building
                case .absent: slot.isNew ? .building : .absent
                case .building: .building
                case .ready: .ready
                case .failed: .failed
                }
            return PreparedSetWord(state, identity)
        }
    }

    /// How long another process that makes an image is left alone before it is looked at again.
    private static let busyNanoseconds: UInt64 = 2_000_000_000
    /// How long the first failure is left alone; each further one twice as long, up to an hour.
    private static let retryNanoseconds: UInt64 = 60_000_000_000
}
