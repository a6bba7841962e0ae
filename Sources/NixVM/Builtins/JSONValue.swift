import NixFormats

/// Builds the value of a JSON text that was checked and measured; what `measure` said is reserved.
///
/// Objects whose keys are the same in the same order share one layout: a list of records has one.
struct JSONValue {
    private let vm: VM
    private let bytes: UnsafeBufferPointer<UInt8>
    private var values: ContiguousArray<Value> = []
    private var keys: ContiguousArray<UInt32> = []
    private var known: [KnownShape?]

    /// Keys in the order of the text, and the layout made for them.
    private struct KnownShape {
        var keys: ContiguousArray<UInt32>
        var layout: Object
        /// For each key, its place in the layout.
        var places: ContiguousArray<Int>
    }

    private static let knownCapacity = 64

    /// Bytes of the heap that a value takes at most.
    static func size(_ extent: JSONExtent) -> Int {
        extent.numbers * Size.number + extent.strings * Size.string(0) + Size.words(extent.stringWords)
            + extent.lists * Size.list(0) + Size.words(extent.listMembers)
            + extent.objects * Size.attributesAndLayout(0) + 2 * Size.words(extent.objectMembers)
    }

    private init(_ vm: VM, _ bytes: UnsafeBufferPointer<UInt8>) {
        self.vm = vm
        self.bytes = bytes
        known = Array(repeating: nil, count: JSONValue.knownCapacity)
    }

    static func make(_ reader: JSONReader, _ vm: VM) -> Value {
        var builder = JSONValue(vm, reader.bytes)
        for token in reader.tokens { builder.add(token) }
        return builder.values.first ?? .null
    }

    private mutating func add(_ token: JSONReader.Token) {
        switch token.kind {
        case .null: values.append(.null)
        case .false: values.append(.false)
        case .true: values.append(.true)
        case .integer: values.append(vm.makeInteger(Int64(bitPattern: token.payload)))
        case .float: values.append(vm.makeFloat(Double(bitPattern: token.payload)))
        case .string: values.append(vm.makeString(text(token)))
        case .escapedString: values.append(vm.makeString(JSONText.unescaped(text(token))))
        case .key: keys.append(vm.s.pointee.symbols.intern(text(token)))
        case .escapedKey: keys.append(vm.s.pointee.symbols.intern(JSONText.unescaped(text(token))))
        case .list:
            let count = Int(token.payload)
            let list = vm.makeList(count)
            copyMembers(count) { list.object.values[$0] = $1 }
            values.append(list)
        case .object: addObject(Int(token.payload))
        }
    }

    private func text(_ token: JSONReader.Token) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[token.start..<(token.start &+ token.length)])
    }

    /// Takes the last values away.
    @inline(__always)
    private mutating func copyMembers(_ count: Int, _ put: (Int, Value) -> Void) {
        let first = values.count &- count
        for index in 0..<count { put(index, values[first &+ index]) }
        values.removeLast(count)
    }

    private mutating func addObject(_ count: Int) {
        if count == 0 {
            values.append(vm.s.pointee.emptyAttributes)
            return
        }
        let shape = shape(count)
        keys.removeLast(count)
        let set = vm.makeAttributes(layout: shape.layout)
        // The last of equal keys wins.
        copyMembers(count) { set.object.attributeValues[shape.places[$0]] = $1 }
        values.append(set)
    }

    private mutating func shape(_ count: Int) -> KnownShape {
        let first = keys.count &- count
        var hash = UInt32(truncatingIfNeeded: count)
        for index in first..<keys.count { hash = (hash &* 31) ^ keys[index] }
        let slot = Int((hash ^ hash &>> 8) % UInt32(JSONValue.knownCapacity))
        if let shape = known[slot], shape.keys.count == count {
            var index = 0
            while index < count, shape.keys[index] == keys[first &+ index] { index &+= 1 }
            if index == count { return shape }
        }
        let shape = newShape(ContiguousArray(keys[first...]))
        known[slot] = shape
        return shape
    }

    private func newShape(_ keys: ContiguousArray<UInt32>) -> KnownShape {
        let order = keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
        var entries: [LayoutEntry] = []
        var places = ContiguousArray(repeating: 0, count: keys.count)
        for index in order {
            if entries.last?.symbol != keys[index] { entries.append(LayoutEntry(keys[index], 0)) }
            places[index] = entries.count - 1
        }
        return KnownShape(keys: keys, layout: vm.makeLayout(entries), places: places)
    }
}
