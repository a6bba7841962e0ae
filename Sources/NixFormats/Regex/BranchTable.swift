/// What a match has found out for each branch of its pattern at each place of the text: two bits.
struct BranchTable {
    static let fails: UInt8 = 1
    static let succeeds: UInt8 = 2

    private let bytes: BufferView<UInt8>
    private let branchCount: Int

    /// - Parameter bytes: `size` of them, zero at first.
    init(_ bytes: BufferView<UInt8>, branchCount: Int) {
        self.bytes = bytes
        self.branchCount = branchCount
    }

    /// Bytes of a table; nil when there are more than can be counted.
    static func size(places: Int, branchCount: Int) -> Int? {
        let (count, overflow) = places.multipliedReportingOverflow(by: branchCount)
        return overflow ? nil : count / 4 + 1
    }

    /// What is known; 0 for nothing.
    @inline(__always)
    func state(of branch: Int, at place: Int) -> UInt8 {
        let number = place &* branchCount &+ branch
        return bytes[number &>> 2] &>> UInt8(truncatingIfNeeded: (number & 3) &* 2) & 3
    }

    @inline(__always)
    func set(_ state: UInt8, of branch: Int, at place: Int) {
        let number = place &* branchCount &+ branch
        let shift = UInt8(truncatingIfNeeded: (number & 3) &* 2)
        bytes[number &>> 2] = bytes[number &>> 2] & ~(3 &<< shift) | state &<< shift
    }
}
