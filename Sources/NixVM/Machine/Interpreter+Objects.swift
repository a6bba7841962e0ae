import NixBytecode

/// Making objects in memory that was reserved before.
extension Interpreter {
    /// A list of `count` values, which the caller must fill before anything else happens.
    func makeList(_ count: Int) -> Value {
        if count == 0 { return state.pointee.emptyList }
        state.pointee.counters.lists &+= 1
        state.pointee.counters.listElements &+= count
        let object = allocate(words: 1 &+ count)
        object[0] = Object.header(Kind.list, field: count)
        return Value(Tag.list, object)
    }

    /// A string of `length` bytes, which the caller must fill before anything else happens. A null `context` means
    /// none.
    func makeString(length: Int, context: Value = .null) -> Value {
        let words = Object.words(forBytes: length)
        let object = allocate(words: 1 &+ words &+ (context.isNull ? 0 : 1))
        object[0] = Object.header(Kind.string, field: length)
        if words > 0 { object[words] = 0 }
        if !context.isNull {
            object[0] |= Object.contextFlag
            object[1 &+ words] = context.bits
        }
        return Value(Tag.string, object)
    }

    func makeString(_ bytes: UnsafeBufferPointer<UInt8>, context: Value = .null) -> Value {
        let string = makeString(length: bytes.count, context: context)
        if let base = bytes.baseAddress { string.object.bytes.update(from: base, count: bytes.count) }
        return string
    }

    func makeString(_ bytes: [UInt8], context: Value = .null) -> Value {
        bytes.withUnsafeBufferPointer { makeString($0, context: context) }
    }

    func makePath(_ bytes: [UInt8]) -> Value {
        let words = Object.words(forBytes: bytes.count)
        let object = allocate(words: 1 &+ words)
        object[0] = Object.header(Kind.path, field: bytes.count)
        if words > 0 { object[words] = 0 }
        bytes.withUnsafeBufferPointer {
            if let base = $0.baseAddress { object.bytes.update(from: base, count: $0.count) }
        }
        return Value(Tag.other, object)
    }

    /// Whether a function or list is distinguished from equal ones by its identity.
    ///
    /// In Nix the value of a thunk has an address of its own. Functions are equal when their addresses are, and a list
    /// is printed as `«repeated»` when its address was printed before. Nix 2.8 identifies longer lists by their
    /// elements, which are never copied; so does this function.
    @inline(__always)
    func comparesByIdentity(_ value: Value) -> Bool {
        value.tag == Tag.function || (1...Self.smallList).contains(value.object.field)
    }

    /// The number of elements of the longest list that Nix 2.8 stores in the value itself.
    private static var smallList: Int { 2 }

    /// A copy of a function or list, as the value of the thunk that returned it. The result is nil, with `neededBytes`
    /// set, when there is no room.
    ///
    /// Objects have the identity here that addresses have in Nix. So the value of a thunk must be an object that no
    /// other thunk has as its value.
    @inline(never)
    func copyWithOwnIdentity(_ value: Value) -> Value? {
        let size = value.object.size
        guard reserve(Size.words(size)) else { return nil }
        let copy = allocate(words: size)
        copy.update(from: value.object, count: size)
        // Only the original is marked as visited by a deep force, because only there the mark is removed when the deep
        // force fails.
        copy[0] &= ~Object.deepFlag
        return Value(value.tag, copy)
    }

    /// Whether the thunk that the returning frame updates only names a variable, as `getUpvalue; return` does. The
    /// compiler emits such code for defaults that stand for the variable's value itself.
    @inline(never)
    func isVariable(_ update: UInt, _ end: UnsafePointer<UInt8>) -> Bool {
        guard let thunk = Object(bitPattern: update & ~7) else { return false }
        let code = state.pointee.chunks[thunk.field].code
        return code.pointee == Opcode.getUpvalue.rawValue && code + 2 == end
    }

    /// An integer. The caller has reserved `Size.number` bytes.
    func makeInteger(_ number: Int64) -> Value {
        if Value.smallRange.contains(Int(number)) { return Value(small: Int(number)) }
        let object = allocate(words: 2)
        object[0] = Object.header(Kind.integer, field: 0)
        object[1] = UInt64(bitPattern: number)
        return Value(Tag.other, object)
    }

    /// A float. The caller has reserved `Size.number` bytes.
    func makeFloat(_ number: Double) -> Value {
        let object = allocate(words: 2)
        object[0] = Object.header(Kind.float, field: 0)
        object[1] = number.bitPattern
        return Value(Tag.other, object)
    }

    /// A set of entries in ascending order of symbol. The caller has reserved `Size.attributesAndLayout`, and must fill
    /// in the values in the same order before anything else happens.
    func makeAttributes(_ entries: [LayoutEntry]) -> Value {
        entries.isEmpty ? state.pointee.emptyAttributes : makeAttributes(layout: makeLayout(entries))
    }

    /// A layout of entries in ascending order of symbol. The caller has reserved `Size.layout`.
    func makeLayout(_ entries: [LayoutEntry]) -> Object {
        let layout = allocate(words: 2 &+ entries.count)
        layout[0] = Object.header(Kind.layout, field: entries.count)
        layout[1] = Value.null.bits
        for (index, entry) in entries.enumerated() { layout.entries[index] = entry }
        return shared(layout)
    }

    /// A set with an existing layout. The caller has reserved `Size.attributes`, and must fill in the values before
    /// anything else happens.
    func makeAttributes(layout: Object) -> Value {
        state.pointee.counters.sets &+= 1
        state.pointee.counters.setElements &+= layout.field
        let result = allocate(words: 2 &+ layout.field)
        result[0] = Object.header(Kind.attributes, field: layout.field)
        result[1] = UInt64(UInt(bitPattern: layout))
        return Value(Tag.attributes, result)
    }

    /// A small set of the machine's own symbols and values, in any order. The caller has reserved
    /// `Size.attributesAndLayout`.
    func makeAttributes(_ pairs: [(symbol: UInt32, value: Value)]) -> Value {
        let sorted = pairs.sorted { $0.symbol < $1.symbol }
        let set = makeAttributes(sorted.map { LayoutEntry($0.symbol, 0) })
        for (index, pair) in sorted.enumerated() { set.object.attributeValues[index] = pair.value }
        return set
    }

    /// A thunk that applies a function to one argument. The caller has reserved `Size.thunk(2)`.
    func makeApplication(_ function: Value, _ argument: Value) -> Value {
        let object = allocate(words: 3)
        object[0] = Object.header(Kind.thunk, count: 2, field: state.pointee.applyOneChunk)
        object.values[0] = function
        object.values[1] = argument
        return Value(Tag.thunk, object)
    }

    /// The header of a thunk that calls the function of `mapAttrs`.
    var mappedHeader: UInt64 { Object.header(Kind.thunk, count: 3, field: state.pointee.applyMappedChunk) }

    /// A thunk that applies a function to two arguments. The caller has reserved `Size.thunk(3)`.
    ///
    /// - Parameter header: `mappedHeader`, or the header of a call of its own.
    @inline(__always)
    func makeApplication(_ function: Value, _ first: Value, _ second: Value, _ header: UInt64? = nil) -> Value {
        let object = allocate(words: 4)
        object[0] = header ?? Object.header(Kind.thunk, count: 3, field: state.pointee.applyTwoChunk)
        object.values[0] = function
        object.values[1] = first
        object.values[2] = second
        return Value(Tag.thunk, object)
    }

    /// The name of a symbol as a string value, which is made once and kept.
    func nameString(_ symbol: UInt32) -> Value {
        let known = state.pointee.symbols.string(symbol)
        if known.bits != 0 { return known }
        let bytes = state.pointee.symbols.bytes(symbol)
        let words = Object.words(forBytes: bytes.count)
        let object = state.pointee.heap.allocatePermanent(words: 1 &+ words)
        object[0] = Object.header(Kind.string, field: bytes.count)
        if words > 0 { object[words] = 0 }
        if let base = bytes.baseAddress { object.bytes.update(from: base, count: bytes.count) }
        let value = Value(Tag.string, object)
        state.pointee.symbols.setString(symbol, value)
        return value
    }

    /// Indices into a set's layout in the order of the names' bytes. Kept with the layout once computed.
    ///
    /// It reserves memory for an order that is not known yet. A step calls it before any effect and returns `.collect`
    /// on nil, which may also mean that the evaluation must stop.
    func nameOrder(_ layout: Object) -> UnsafePointer<UInt32>? {
        let count = layout.field
        if let known = knownNameOrder(layout) { return known }
        let words = 1 &+ Object.words(forBytes: count &* 4)
        let object: Object
        if isPermanent(layout) {
            guard reserveOutside(words &* 8), let permanent = takePermanent(words: words) else { return nil }
            object = permanent
        } else {
            guard reserve(words &* 8) else { return nil }
            object = allocate(words: words)
        }
        object[0] = Object.header(Kind.bytes, field: count &* 4)
        let order = UnsafeMutableRawPointer(object + 1).assumingMemoryBound(to: UInt32.self)
        for index in 0..<count { order[index] = UInt32(truncatingIfNeeded: index) }
        var buffer = UnsafeMutableBufferPointer(start: order, count: count)
        let entries = layout.entries
        guard
            sort(&buffer, by: { state.pointee.symbols.precedes(entries[Int($0)].symbol, entries[Int($1)].symbol) })
        else { return nil }
        write(Value(Tag.other, object), to: layout.values)
        return UnsafePointer(order)
    }

    /// The order of the names of a set, which is flattened if it is a union.
    func nameOrder(of set: Object) -> UnsafePointer<UInt32>? { flattened(set).flatMap { nameOrder($0.ownLayout) } }

    func nameOrder(of set: AttributesRef) -> UnsafePointer<UInt32>? { nameOrder(of: set.object) }

    /// The same, or nil if it has not been computed.
    func knownNameOrder(of set: Object) -> UnsafePointer<UInt32>? {
        set.isFlat ? knownNameOrder(set.layout) : nil
    }

    /// The same for a layout.
    func knownNameOrder(_ layout: Object) -> UnsafePointer<UInt32>? {
        let known = layout.values[0]
        if known.isNull { return nil }
        return UnsafePointer(UnsafeRawPointer(known.object + 1).assumingMemoryBound(to: UInt32.self))
    }

    func isPermanent(_ object: Object) -> Bool {
        let address = UnsafeMutableRawPointer(object)
        return address >= state.pointee.heap.permanent && address < state.pointee.heap.permanentTop
    }
}
