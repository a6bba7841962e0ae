/// The components of a version: runs of digits, and runs of other bytes; dots and dashes separate.
package struct Version {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0

    package init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    package mutating func next() -> UnsafeBufferPointer<UInt8>? {
        while place < bytes.count, isSeparator(bytes[place]) { place += 1 }
        guard place < bytes.count else { return nil }
        let start = place
        let isNumber = isDigit(bytes[start])
        while place < bytes.count, isDigit(bytes[place]) == isNumber, !isSeparator(bytes[place]) { place += 1 }
        return UnsafeBufferPointer(rebasing: bytes[start..<place])
    }

    private func isSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") }
    private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    /// -1, 0 or 1 as `a` is older than, equal to or newer than `b`.
    package static func compare(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
        var left = Version(a)
        var right = Version(b)
        while true {
            let x = left.next()
            let y = right.next()
            if x == nil, y == nil { return 0 }
            if precedes(x, y) { return -1 }
            if precedes(y, x) { return 1 }
        }
    }

    /// Numbers compare as such; `pre` comes before everything, the end before numbers, words before numbers.
    private static func precedes(_ a: UnsafeBufferPointer<UInt8>?, _ b: UnsafeBufferPointer<UInt8>?) -> Bool {
        let x = number(a)
        let y = number(b)
        if let x, let y { return x < y }
        if a == nil, y != nil { return true }
        if isPre(a) { return !isPre(b) }
        if isPre(b) { return false }
        if y != nil { return true }
        if x != nil { return false }
        let empty = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        return (a ?? empty).lexicographicallyPrecedes(b ?? empty)
    }

    /// A component as a number of 32 bits, as Nix has it; a larger one is a word.
    private static func number(_ component: UnsafeBufferPointer<UInt8>?) -> Int32? {
        guard let component, !component.isEmpty else { return nil }
        var value: Int32 = 0
        for byte in component {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (scaled, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflows) = scaled.addingReportingOverflow(Int32(byte - UInt8(ascii: "0")))
            if isTooLarge || overflows { return nil }
            value = sum
        }
        return value
    }

    private static func isPre(_ component: UnsafeBufferPointer<UInt8>?) -> Bool {
        component.map { $0.elementsEqual("pre".utf8) } ?? false
    }
}
