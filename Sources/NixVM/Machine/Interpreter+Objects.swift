import NixBytecode

/// Making objects from words that were reserved before.
extension Interpreter {
    /// A list of so many values, to be filled before anything else happens.
    func makeList(_ count: Int) -> Value {
        if count == 0 { return state.pointee.emptyList }
        state.pointee.counters.lists &+= 1
        state.pointee.counters.listElements &+= count
        let object = take(words: 1 &+ count)
        object[0] = Object.header(Kind.list, field: count)
        return Value(Tag.list, object)
    }

    /// A string of so many bytes, to be filled before anything else happens; `context` is null for none.
    func makeString(length: Int, context: Value = .null) -> Value {
        let words = Object.words(forBytes: length)
        let object = take(words: 1 &+ words &+ (context.isNull ? 0 : 1))
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
        let object = take(words: 1 &+ words)
        object[0] = Object.header(Kind.path, field: bytes.count)
        if words > 0 { object[words] = 0 }
        bytes.withUnsafeBufferPointer {
            if let base = $0.baseAddress { object.bytes.update(from: base, count: $0.count) }
        }
        return Value(Tag.other, object)
    }

    /// Whether a function or list is told from equal ones by its place.
    ///
    /// In Nix a thunk's value is a place of its own. Functions are equal when they are one place, and a list is printed as
    /// `«repeated»` when its place was. Of longer lists Nix 2.8 goes by their elements, which are not copied; here, too.
    @inline(__always)
    func comparesByIdentity(_ value: Value) -> Bool {
        value.tag == Tag.function || (1...Self.smallList).contains(value.object.field)
    }

    /// Elements of the longest list that lies in the value itself in Nix 2.8.
    private static var smallList: Int { 2 }

    /// A copy of a function or list, for the thunk that gives it; nil without room, with `need` set.
    ///
    /// What Nix tells by place is told by object here, so a thunk's value must be an object that no other thunk has.
    @inline(never)
    func valueOfItsOwn(_ value: Value) -> Value? {
        let size = value.object.size
        guard reserve(Size.words(size)) else { return nil }
        let copy = take(words: size)
        copy.update(from: value.object, count: size)
        // Whether everything in it was visited is marked at the original alone, and taken back there when a deep force
        // fails.
        copy[0] &= ~Object.deepFlag
        return Value(value.tag, copy)
    }

    /// Whether the thunk that a frame gives its value only names a variable, as `getUpvalue; return` does: the compiler
    /// makes such code for defaults that stand for the variable's value itself.
    @inline(never)
    func isVariable(_ update: UInt, _ end: UnsafePointer<UInt8>) -> Bool {
        guard let thunk = Object(bitPattern: update & ~7) else { return false }
        let code = state.pointee.chunks[thunk.field].code
        return code.pointee == Opcode.getUpvalue.rawValue && code + 2 == end
    }

    /// An integer; 16 bytes reserved.
    func makeInteger(_ number: Int64) -> Value {
        if Value.smallRange.contains(Int(number)) { return Value(small: Int(number)) }
        let object = take(words: 2)
        object[0] = Object.header(Kind.integer, field: 0)
        object[1] = UInt64(bitPattern: number)
        return Value(Tag.other, object)
    }

    /// A float; 16 bytes reserved.
    func makeFloat(_ number: Double) -> Value {
        let object = take(words: 2)
        object[0] = Object.header(Kind.float, field: 0)
        object[1] = number.bitPattern
        return Value(Tag.other, object)
    }

    /// A set of keys in ascending order of symbol, with values to be filled in the same order before anything else
    /// happens. `Size.attributesAndLayout` reserved.
    func makeAttributes(_ entries: [LayoutEntry]) -> Value {
        entries.isEmpty ? state.pointee.emptyAttributes : makeAttributes(layout: makeLayout(entries))
    }

    /// A layout of keys in ascending order of symbol. `Size.layout` reserved.
    func makeLayout(_ entries: [LayoutEntry]) -> Object {
        let layout = take(words: 2 &+ entries.count)
        layout[0] = Object.header(Kind.layout, field: entries.count)
        layout[1] = Value.null.bits
        for (index, entry) in entries.enumerated() { layout.entries[index] = entry }
        return shared(layout)
    }

    /// A set over an existing layout. `Size.attributes` reserved.
    func makeAttributes(layout: Object) -> Value {
        state.pointee.counters.sets &+= 1
        state.pointee.counters.setElements &+= layout.field
        let result = take(words: 2 &+ layout.field)
        result[0] = Object.header(Kind.attributes, field: layout.field)
        result[1] = UInt64(UInt(bitPattern: layout))
        return Value(Tag.attributes, result)
    }

    /// A small set of machine symbols and values in any order. `Size.attributesAndLayout` reserved.
    func makeAttributes(_ pairs: [(symbol: UInt32, value: Value)]) -> Value {
        let sorted = pairs.sorted { $0.symbol < $1.symbol }
        let set = makeAttributes(sorted.map { LayoutEntry($0.symbol, 0) })
        for (index, pair) in sorted.enumerated() { set.object.attributeValues[index] = pair.value }
        return set
    }

    /// A thunk that applies a function to one argument. `Size.thunk(2)` reserved.
    func makeApplication(_ function: Value, _ argument: Value) -> Value {
        let object = take(words: 3)
        object[0] = Object.header(Kind.thunk, count: 2, field: state.pointee.applyOneChunk)
        object.values[0] = function
        object.values[1] = argument
        return Value(Tag.thunk, object)
    }

    /// A thunk that applies a function to two arguments. `Size.thunk(3)` reserved.
    func makeApplication(_ function: Value, _ first: Value, _ second: Value, isMapped: Bool = false) -> Value {
        let object = take(words: 4)
        let chunk = isMapped ? state.pointee.applyMappedChunk : state.pointee.applyTwoChunk
        object[0] = Object.header(Kind.thunk, count: 3, field: chunk)
        object.values[0] = function
        object.values[1] = first
        object.values[2] = second
        return Value(Tag.thunk, object)
    }

    /// The name of a symbol as a string value, made once and kept.
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
    /// Reserves memory itself when the order is new: call it before any effect, and answer `.collect` on nil, which also
    /// says that the evaluation must stop.
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
            object = take(words: words)
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

    /// The same when it was computed before.
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
