/// Loops over a single set of bytes, for which the backtracking stack has one range instead of an entry for each
/// position.
extension RegexMatcher {
    /// The last position in a range at which a node can match; the position before the range if there is none.
    @inline(__always)
    static func lastPosition(
        _ node: RegularExpression.Node, _ sets: PackedByteSets, _ text: ByteView, from start: Int, downTo end: Int
    ) -> Int {
        var position = start
        switch node.operation {
        case .byte:
            while position >= end, text.byte(at: position).map({ UInt32($0) != node.argument }) ?? true {
                position &-= 1
            }
        case .set:
            let set = sets[node.argument]
            while position >= end, text.byte(at: position).map({ !set.contains($0) }) ?? true { position &-= 1 }
        default: break
        }
        return position
    }
}
