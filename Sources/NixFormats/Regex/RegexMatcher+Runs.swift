/// Runs: loops over one set of bytes, whose places need not be kept one by one.
extension RegexMatcher {
    /// The last place of a range at which a node may match, or the place before the range.
    @inline(__always)
    static func lastPlace(
        _ node: RegularExpression.Node, _ sets: PackedByteSets, _ text: ByteView, from start: Int, downTo end: Int
    ) -> Int {
        var place = start
        switch node.operation {
        case .byte:
            while place >= end, text.byte(at: place).map({ UInt32($0) != node.argument }) ?? true { place &-= 1 }
        case .set:
            let set = sets[node.argument]
            while place >= end, text.byte(at: place).map({ !set.contains($0) }) ?? true { place &-= 1 }
        default: break
        }
        return place
    }
}
