/// A part of an XML text, outside the machine's heap. A unit of fuel is charged for every 64 bytes.
package struct XMLText: ~Copyable {
    private var bytes = Buffer<UInt8>()

    /// Starts with the indentation of `depth` open elements.
    package init(indent depth: Int, _ meter: inout WorkMeter) throws(WorkStop) {
        try bytes.reserve(120, &meter)
        try indent(depth, &meter)
    }

    package var count: Int { bytes.count }

    /// Copies a range of the bytes to the start of `output`.
    package func copy(_ range: Range<Int>, to output: MutableByteView) { output.copy(bytes.bytes[range], at: 0) }

    package mutating func indent(_ depth: Int, _ meter: inout WorkMeter) throws(WorkStop) {
        let spaces = ByteView("                                                                ")
        var missing = 2 * depth
        while missing > 0 {
            let count = min(missing, spaces.count)
            try bytes.append(spaces[0..<count], &meter)
            missing -= count
        }
    }

    package mutating func add(_ text: StaticString, _ meter: inout WorkMeter) throws(WorkStop) {
        try bytes.append(ByteView(text), &meter)
    }

    /// Appends an empty element with a `value` attribute. `start` is the element's beginning up to its name.
    package mutating func element(
        _ start: StaticString, _ value: ByteView, _ meter: inout WorkMeter
    ) throws(WorkStop) {
        try add(start, &meter)
        try attribute(" value", value, &meter)
        try add(" />\n", &meter)
    }

    package mutating func element(
        _ start: StaticString, _ value: [UInt8], _ meter: inout WorkMeter
    ) throws(WorkStop) {
        try value.withView { (value) throws(WorkStop) in try element(start, value, &meter) }
    }

    package mutating func attribute(
        _ name: StaticString, _ value: [UInt8], _ meter: inout WorkMeter
    ) throws(WorkStop) {
        try value.withView { (value) throws(WorkStop) in try attribute(name, value, &meter) }
    }

    package mutating func attribute(
        _ name: StaticString, _ value: ByteView, _ meter: inout WorkMeter
    ) throws(WorkStop) {
        try add(name, &meter)
        try add("=\"", &meter)
        var start = 0
        for index in 0..<value.count {
            if index & 0xFFF == 0 { try meter.charge(min(value.count - index, 4096) / 64) }
            let byte = value[index]
            // Letters sort after all bytes that need an escape.
            if byte > UInt8(ascii: ">") { continue }
            guard let escape = Self.escape(byte) else { continue }
            try bytes.append(value[start..<index], &meter)
            try add(escape, &meter)
            start = index + 1
        }
        try bytes.append(value[start..<value.count], &meter)
        try add("\"", &meter)
    }

    @inline(__always)
    private static func escape(_ byte: UInt8) -> StaticString? {
        switch byte {
        case UInt8(ascii: "\""): "&quot;"
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        case UInt8(ascii: "&"): "&amp;"
        // XML attribute normalisation would turn a literal newline into a space.
        case UInt8(ascii: "\n"): "&#xA;"
        default: nil
        }
    }
}
