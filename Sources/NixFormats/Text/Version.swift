/// The components of a version: runs of digits, and runs of other bytes. Dots and dashes are separators.
///
/// A unit of fuel is charged for each component, and one for every 32 bytes.
package struct Version {
    private let bytes: ByteView
    private var position = 0

    package init(_ bytes: ByteView) { self.bytes = bytes }

    /// The range of the next component; nil after the last.
    package mutating func next(_ meter: inout WorkMeter) throws(WorkStop) -> Range<Int>? {
        try meter.charge(1)
        try pass(&meter) { Self.isSeparator($0) }
        guard let first = bytes.byte(at: position) else { return nil }
        let start = position
        let isNumber = Self.isDigit(first)
        try pass(&meter) { Self.isDigit($0) == isNumber && !Self.isSeparator($0) }
        return start..<position
    }

    /// Skips bytes for which the condition holds.
    @inline(__always)
    private mutating func pass(
        _ meter: inout WorkMeter, while isPassed: (UInt8) -> Bool
    ) throws(WorkStop) {
        var block = min(bytes.count, position &+ 32)
        while true {
            while position < block, isPassed(bytes[position]) { position &+= 1 }
            if position < block || position == bytes.count { return }
            block = min(bytes.count, position &+ 4096)
            try meter.charge((block &- position) / 32)
        }
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") }
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    // MARK: Comparing

    /// A component in the form in which it is compared. The last component is followed by `end`.
    private enum Component {
        case end
        case number(Int32)
        /// The component `pre`, which precedes every other.
        case pre
        case word(ByteView)

        var isPre: Bool {
            if case .pre = self { return true }
            return false
        }
    }

    /// -1, 0 or 1 if `a` is older than, equal to or newer than `b`.
    package static func compare(_ a: ByteView, _ b: ByteView, _ meter: inout WorkMeter) throws(WorkStop) -> Int {
        var left = Version(a)
        var right = Version(b)
        while true {
            let x = try left.nextComponent(&meter)
            let y = try right.nextComponent(&meter)
            if case .end = x, case .end = y { return 0 }
            let order = try order(x, y, &meter)
            if order != 0 { return order }
        }
    }

    private mutating func nextComponent(_ meter: inout WorkMeter) throws(WorkStop) -> Component {
        guard let range = try next(&meter) else { return .end }
        let component = bytes[range]
        if component.isEqual("pre") { return .pre }
        return try Self.number(component, &meter).map { .number($0) } ?? .word(component)
    }

    /// A component as a 32-bit number, as in Nix; nil for a word, and for a larger number, which is compared as a word.
    private static func number(_ component: ByteView, _ meter: inout WorkMeter) throws(WorkStop) -> Int32? {
        var value: Int32 = 0
        for index in 0..<component.count {
            if index & 0xFFF == 0xFFF { try meter.charge(128) }
            guard isDigit(component[index]) else { return nil }
            let (scaled, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflows) = scaled.addingReportingOverflow(Int32(component[index] - UInt8(ascii: "0")))
            if isTooLarge || overflows { return nil }
            value = sum
        }
        return value
    }

    /// The order of two components: numbers are compared by value; `pre` precedes everything, the end precedes numbers,
    /// and words precede numbers.
    private static func order(_ a: Component, _ b: Component, _ meter: inout WorkMeter) throws(WorkStop) -> Int {
        switch (a, b) {
        case (.number(let x), .number(let y)): return x == y ? 0 : x < y ? -1 : 1
        case (.pre, .pre): return 0
        case (.end, .number): return -1
        case (.number, .end): return 1
        case (.pre, _): return -1
        case (_, .pre): return 1
        case (_, .number): return -1
        case (.number, _): return 1
        case (.end, _): return -1
        case (_, .end): return 1
        case (.word(let x), .word(let y)): return try compareWords(x, y, &meter)
        }
    }

    private static func compareWords(
        _ a: ByteView, _ b: ByteView, _ meter: inout WorkMeter
    ) throws(WorkStop) -> Int {
        let common = min(a.count, b.count)
        var position = 0
        while position < common {
            let end = min(common, position + (32 << 10))
            try meter.charge((end - position) / 64)
            let order = a[position..<end].compare(b[position..<end])
            if order != 0 { return order < 0 ? -1 : 1 }
            position = end
        }
        return a.count == b.count ? 0 : a.count < b.count ? -1 : 1
    }
}
