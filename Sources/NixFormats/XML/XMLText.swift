/// A piece of XML text.
package struct XMLText {
    package private(set) var bytes: [UInt8] = []

    package init(indent depth: Int) {
        bytes.reserveCapacity(120 + 2 * depth)
        indent(depth)
    }

    package mutating func indent(_ depth: Int) {
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
    }

    @inline(__always)
    package mutating func add(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// An empty element with a value, its name after `<` given.
    package mutating func element(_ start: StaticString, _ value: [UInt8]) {
        value.withUnsafeBufferPointer { element(start, $0) }
    }

    package mutating func element(_ start: StaticString, _ value: UnsafeBufferPointer<UInt8>) {
        add(start)
        attribute(" value", value)
        add(" />\n")
    }

    package mutating func attribute(_ name: StaticString, _ value: [UInt8]) {
        value.withUnsafeBufferPointer { attribute(name, $0) }
    }

    package mutating func attribute(_ name: StaticString, _ value: UnsafeBufferPointer<UInt8>) {
        add(name)
        add("=\"")
        var start = 0
        for index in 0..<value.count {
            guard let escape = Self.escape(value[index]) else { continue }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: value[start..<index]))
            add(escape)
            start = index + 1
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: value[start...]))
        add("\"")
    }

    @inline(__always)
    private static func escape(_ byte: UInt8) -> StaticString? {
        switch byte {
        case UInt8(ascii: "\""): "&quot;"
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        case UInt8(ascii: "&"): "&amp;"
        // A line end in an attribute would be read back as a space.
        case UInt8(ascii: "\n"): "&#xA;"
        default: nil
        }
    }
}
