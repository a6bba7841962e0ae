/// An entry in a heap of timers. Entries are not removed early; whoever removes one checks whether it still applies.
struct Due<Key: Sendable>: Comparable, Sendable {
    let time: Int64
    let key: Key

    static func < (left: Due, right: Due) -> Bool { left.time < right.time }
    static func == (left: Due, right: Due) -> Bool { left.time == right.time }
}
