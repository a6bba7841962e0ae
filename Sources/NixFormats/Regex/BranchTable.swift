/// The memoised results of a match: two bits for each branch of the pattern at each position of the text.
struct BranchTable {
    static let fails: UInt8 = 1
    static let succeeds: UInt8 = 2

    private let bytes: BufferView<UInt8>
    private let branchCount: Int

    /// - Parameters:
    ///   - bytes: a buffer of `size` bytes, initially zero.
    ///   - branchCount: the number of branches of the pattern.
    init(_ bytes: BufferView<UInt8>, branchCount: Int) {
        self.bytes = bytes
        self.branchCount = branchCount
    }

    /// The size of a table in bytes; nil if it overflows.
    static func size(positions: Int, branchCount: Int) -> Int? {
        let (count, overflow) = positions.multipliedReportingOverflow(by: branchCount)
        return overflow ? nil : count / 4 + 1
    }

    /// The result for a branch at a position; 0 if it is not known.
    @inline(__always)
    func state(of branch: Int, at position: Int) -> UInt8 {
        let number = position &* branchCount &+ branch
        return bytes[number &>> 2] &>> UInt8(truncatingIfNeeded: (number & 3) &* 2) & 3
    }

    @inline(__always)
    func set(_ state: UInt8, of branch: Int, at position: Int) {
        let number = position &* branchCount &+ branch
        let shift = UInt8(truncatingIfNeeded: (number & 3) &* 2)
        bytes[number &>> 2] = bytes[number &>> 2] & ~(3 &<< shift) | state &<< shift
    }
}
