/// Writes the parts of an image that are not mapped: numbers of 64 bits, little-endian, and byte strings after their
/// lengths.
package struct ImageEncoder {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func add(_ number: UInt64) {
        for shift in stride(from: 0 as UInt64, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    package mutating func add(_ number: Int) { add(UInt64(bitPattern: Int64(number))) }

    package mutating func add(_ flag: Bool) { add(flag ? 1 : 0) }

    package mutating func add(_ text: [UInt8]) {
        add(text.count)
        bytes += text
    }

    package mutating func add(_ texts: [[UInt8]]) { add(texts) { $0.add($1) } }

    package mutating func add(_ text: String) { add(Array(text.utf8)) }

    /// Adds the number of elements and each of them.
    package mutating func add<Element>(_ elements: [Element], _ body: (inout ImageEncoder, Element) -> Void) {
        add(elements.count)
        for element in elements { body(&self, element) }
    }

    /// Adds whether there is an element, and it.
    package mutating func add<Element>(_ element: Element?, _ body: (inout ImageEncoder, Element) -> Void) {
        add(element != nil)
        if let element { body(&self, element) }
    }
}

/// Reads what `ImageEncoder` wrote. What does not fit is an error, although the checksum of an image says that it is
/// whole.
package struct ImageDecoder {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    /// - Parameter bytes: Must stay valid as long as the decoder.
    package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    package var isAtEnd: Bool { offset == bytes.count }

    package mutating func number() throws(ImageError) -> UInt64 {
        guard bytes.count - offset >= 8 else { throw .damaged }
        defer { offset += 8 }
        return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// A number that is not negative.
    package mutating func count() throws(ImageError) -> Int {
        guard let number = Int(exactly: try number()) else { throw .damaged }
        return number
    }

    package mutating func integer() throws(ImageError) -> Int { Int(Int64(bitPattern: try number())) }

    package mutating func flag() throws(ImageError) -> Bool { try number() != 0 }

    package mutating func text() throws(ImageError) -> [UInt8] {
        let count = try count()
        guard count <= bytes.count - offset else { throw .damaged }
        defer { offset += count }
        return Array(bytes[offset..<offset + count])
    }

    package mutating func string() throws(ImageError) -> String { String(decoding: try text(), as: UTF8.self) }

    package mutating func texts() throws(ImageError) -> [[UInt8]] {
        try list { (decoder) throws(ImageError) in try decoder.text() }
    }

    package mutating func list<Element>(
        _ body: (inout ImageDecoder) throws(ImageError) -> Element
    ) throws(ImageError) -> [Element] {
        let count = try count()
        // Each element takes eight bytes at least, so a count that is too large reserves nothing.
        guard count <= (bytes.count - offset) / 8 else { throw .damaged }
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try body(&self)) }
        return elements
    }

    package mutating func optional<Element>(
        _ body: (inout ImageDecoder) throws(ImageError) -> Element
    ) throws(ImageError) -> Element? {
        try flag() ? try body(&self) : nil
    }
}
