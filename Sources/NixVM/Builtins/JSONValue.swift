import NixFormats

/// Builds the value of a JSON text that was checked and measured; what `size` says is reserved.
///
/// Objects whose keys are the same in the same order share one layout: a list of records has one. A unit is charged for
/// each token, and more for long ones.
struct JSONValue {
    private let interpreter: Interpreter
    private let bytes: UnsafeBufferPointer<UInt8>
    private var values: ContiguousArray<Value> = []
    private var keys: ContiguousArray<UInt32> = []
    private var known: ContiguousArray<KnownShape?>
    /// Bytes beside the heap that the reader and the building take.
    private let taken: Int

    /// Keys in the order of the text, and the layout made for them.
    private struct KnownShape {
        var keys: ContiguousArray<UInt32>
        var layout: Object
        /// For each key, its place in the layout.
        var places: ContiguousArray<Int>
    }

    private static let knownCapacity = 64
    /// Keys of the largest object whose shape is remembered.
    private static let longestKnown = 256

    /// Bytes of the heap that a value takes at most, with room for a key that is not as it lies in the text.
    static func size(_ extent: JSONExtent) -> Int {
        extent.numbers * Size.number + extent.strings * Size.string(0) + Size.words(extent.stringWords)
            + extent.lists * Size.list(0) + Size.words(extent.listMembers)
            + extent.objects * Size.attributesAndLayout(0) + 2 * Size.words(extent.objectMembers)
            + Size.string(extent.longestEscapedKey)
    }

    /// Bytes beside the heap that the building takes.
    static func workSize(_ extent: JSONExtent) -> Int {
        let largest = extent.largestObject * (KeySorter.bytesPerKey + MemoryLayout<Int>.stride)
        let waiting = extent.maximumPending * (MemoryLayout<Value>.stride + MemoryLayout<UInt32>.stride)
        return largest + waiting
    }

    /// - Parameter taken: Bytes that the reader takes.
    init(_ interpreter: Interpreter, _ bytes: UnsafeBufferPointer<UInt8>, _ extent: JSONExtent, taken: Int) {
        self.interpreter = interpreter
        self.bytes = bytes
        known = ContiguousArray(repeating: nil, count: JSONValue.knownCapacity)
        self.taken = taken + JSONValue.workSize(extent)
        values.reserveCapacity(extent.maximumPending)
        if extent.objects > 0 { keys.reserveCapacity(extent.maximumPending) }
    }

    /// The value of the tokens added so far.
    func finish() -> Value { values.first ?? .null }

    /// Adds the next token; false with `failure` set.
    @inline(__always)
    mutating func add(_ token: JSONReader.Token) -> Bool {
        guard interpreter.charge(1) else { return false }
        switch token.kind {
        case .null: values.append(.null)
        case .false: values.append(.false)
        case .true: values.append(.true)
        case .integer: values.append(interpreter.makeInteger(Int64(bitPattern: token.payload)))
        case .float: values.append(interpreter.makeFloat(Double(bitPattern: token.payload)))
        case .string:
            guard let string = interpreter.makeStringCharged(text(token)) else { return false }
            values.append(string)
        case .escapedString:
            guard let bytes = unescape(token) else { return false }
            // The bytes lie where those of the next object go.
            let words = Object.words(forBytes: bytes.count)
            for index in bytes.count..<words &* 8 { freeBytes[index] = 0 }
            let string = interpreter.take(words: 1 &+ words)
            string[0] = Object.header(Kind.string, field: bytes.count)
            values.append(Value(Tag.string, string))
        case .key:
            guard let symbol = interpreter.symbol(ofKey: text(token), beside: taken) else { return false }
            keys.append(symbol)
        case .escapedKey:
            guard let bytes = unescape(token), let symbol = interpreter.symbol(ofKey: bytes, beside: taken) else {
                return false
            }
            keys.append(symbol)
        case .list: return addList(Int(token.payload))
        case .object: return addObject(Int(token.payload))
        }
        return true
    }

    @inline(__always)
    private func text(_ token: JSONReader.Token) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[token.start..<(token.start &+ token.length)])
    }

    /// Where the bytes of the next object go.
    private var freeBytes: UnsafeMutablePointer<UInt8> {
        (interpreter.state.pointee.r.hp + 8).assumingMemoryBound(to: UInt8.self)
    }

    /// Replaces the escapes of a token's text, in the free room of the heap; nil with `failure` set.
    private func unescape(_ token: JSONReader.Token) -> UnsafeBufferPointer<UInt8>? {
        let source = ByteView(text(token))
        let room = MutableByteView(freeBytes, count: source.count)
        var place = 0
        var written = 0
        let isDone = interpreter.inBlocks(source.count, bytesPerUnit: 8) { block in
            JSONText.unescape(source, from: &place, upTo: block.upperBound, to: room, at: &written)
            return true
        }
        return isDone ? UnsafeBufferPointer(start: freeBytes, count: written) : nil
    }

    /// Takes the last values away, a unit for every eight; false with `failure` set.
    @inline(__always)
    private mutating func moveMembers(_ count: Int, _ put: (Int, Value) -> Void) -> Bool {
        let first = values.count &- count
        var index = 0
        while index < count {
            let end = min(count, index &+ 4096)
            guard interpreter.charge((end &- index) / 8) else { return false }
            while index < end {
                put(index, values[first &+ index])
                index &+= 1
            }
        }
        values.removeLast(count)
        return true
    }

    private mutating func addList(_ count: Int) -> Bool {
        let list = interpreter.makeList(count)
        guard moveMembers(count, { list.object.values[$0] = $1 }) else { return false }
        values.append(list)
        return true
    }

    private mutating func addObject(_ count: Int) -> Bool {
        if count == 0 {
            values.append(interpreter.state.pointee.emptyAttributes)
            return true
        }
        guard let shape = shape(count) else { return false }
        keys.removeLast(count)
        let set = interpreter.makeAttributes(layout: shape.layout)
        // The last of equal keys wins.
        guard moveMembers(count, { set.object.attributeValues[shape.places[$0]] = $1 }) else { return false }
        values.append(set)
        return true
    }

    private mutating func shape(_ count: Int) -> KnownShape? {
        let first = keys.count &- count
        if count > JSONValue.longestKnown { return newShape(first) }
        var hash = UInt32(truncatingIfNeeded: count)
        for index in first..<keys.count { hash = (hash &* 31) ^ keys[index] }
        let slot = Int((hash ^ hash &>> 8) % UInt32(JSONValue.knownCapacity))
        if let shape = known[slot], shape.keys.count == count {
            var index = 0
            while index < count, shape.keys[index] == keys[first &+ index] { index &+= 1 }
            if index == count { return shape }
        }
        guard var shape = newShape(first) else { return nil }
        shape.keys = ContiguousArray(keys[first...])
        known[slot] = shape
        return shape
    }

    /// A shape of the last keys; nil with `failure` set.
    private func newShape(_ first: Int) -> KnownShape? {
        let count = keys.count - first
        guard interpreter.charge(count) else { return nil }
        var sorter = KeySorter(count: count)
        for index in 0..<count { sorter.add(keys[first + index], item: index) }
        guard sorter.sort(interpreter) else { return nil }
        var places = ContiguousArray(repeating: 0, count: count)
        sorter.unite { item, place in places[item] = place }
        return KnownShape(keys: [], layout: sorter.makeLayout(interpreter), places: places)
    }
}
