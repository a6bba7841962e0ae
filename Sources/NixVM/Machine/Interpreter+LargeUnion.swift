/// Unions that do not copy the larger set.
///
/// `a // b` with a large `a` is a `SetUnion` whose overlay is `b`. If `a` is a union itself whose overlay is not much
/// larger than `b`, the overlays are joined instead, so that the sizes of the overlays of a chain grow from the top by
/// at least `SetUnion.ratio`, as the levels of a log-structured merge tree do. Where joining has upset that order, it is
/// restored in the operand itself, before something is added to it: then it is done once, however often the operand is
/// used.
///
/// All of this changes how a set is represented, but not which one it is. It charges no fuel of its own: `//` and what
/// enumerates a set charge by the number of attributes.
extension Interpreter {
    // MARK: Making unions

    /// Prepares the operands of `//`, and returns how many bytes must be reserved for the union. The result is nil, as
    /// that of `nameOrder`, when room is needed or the evaluation must stop.
    func prepareUnion(_ a: Object, _ b: Object) -> Int? {
        if isLarge(a.field, beside: b.field) { return prepareUnion(ofBase: a, overlay: b) }
        if isLarge(b.field, beside: a.field) {
            return prepareUnion(ofBase: b, overlay: a).map { $0 &+ Self.selectionBytes(a.field) }
        }
        return flattened(a) == nil || flattened(b) == nil ? nil : Size.union(a.field &+ b.field)
    }

    /// The union of two sets, in which `b` takes precedence. The caller has reserved what `prepareUnion` said. The
    /// result is nil, with `failure` set, when the evaluation must stop.
    func unite(_ a: Object, _ b: Object) -> Value? {
        if isLarge(a.field, beside: b.field) { return makeUnion(base: a, overlay: b.flat) }
        guard isLarge(b.field, beside: a.field) else { return merge(a.flat, b.flat) }
        // What `b` does not have can as well lie above it.
        guard let added = without(b, AttributesRef(a.flat)) else { return nil }
        return makeUnion(base: b, overlay: added.object)
    }

    /// Whether the larger of two sets is to be shared by their union.
    @inline(__always)
    private func isLarge(_ base: Int, beside overlay: Int) -> Bool {
        if _slowPath(state.pointee.stress) {
            return base >= SetUnion.minimumBaseUnderStress && overlay &* SetUnion.ratioUnderStress <= base
        }
        return base >= SetUnion.minimumBase && overlay &* SetUnion.ratio <= base
    }

    private var ratio: Int { state.pointee.stress ? SetUnion.ratioUnderStress : SetUnion.ratio }

    private func prepareUnion(ofBase base: Object, overlay: Object) -> Int? {
        guard flattened(overlay) != nil, compact(base) else { return nil }
        return SetUnion.bytes &+ (Self.union(base).map { Size.union($0.overlay.object.field &+ overlay.field) } ?? 0)
    }

    /// A set as a union; nil if it is of another kind.
    @inline(__always)
    private static func union(_ set: Object) -> SetUnion? { set.kind == Kind.union ? SetUnion(set) : nil }

    private func makeUnion(base: Object, overlay: Object) -> Value? {
        var count = base.field
        for index in 0..<overlay.field where !contains(base, overlay.ownLayout.entries[index].symbol) { count &+= 1 }
        guard let known = Self.union(base) else {
            return makeUnion(Value(Tag.attributes, base.flat), Value(Tag.attributes, overlay), depth: 1, count)
        }
        if overlay.field == 0 { return makeUnion(known.base, known.overlay, depth: known.depth, count) }
        guard known.overlay.object.field < ratio &* overlay.field else {
            let base = Value(Tag.attributes, base)
            return makeUnion(base, Value(Tag.attributes, overlay), depth: known.depth &+ 1, count)
        }
        guard let joined = merge(known.overlay.object, overlay) else { return nil }
        return makeUnion(known.base, joined, depth: known.depth, count)
    }

    private func makeUnion(_ base: Value, _ overlay: Value, depth: Int, _ count: Int) -> Value {
        let object = allocate(words: 1 &+ SetUnion.words)
        object[0] = Object.header(Kind.union, count: depth, field: count)
        object.values[0] = base
        object.values[1] = overlay
        object.values[2] = Value(small: 0)
        return Value(Tag.attributes, object)
    }

    // MARK: Changing the representation

    /// Makes a set fit to be the base of a union: the sizes of its overlays are in order, and there is room for one
    /// more. The result is false, as that of `nameOrder`, when room is needed or the evaluation must stop.
    private func compact(_ set: Object) -> Bool {
        while let union = Self.union(set) {
            let base = union.base.withoutFlattened.object
            let overlay = union.overlay.object
            let least = ratio &* overlay.field
            guard union.depth < SetUnion.maximumDepth, let below = Self.union(base) else {
                let isInOrder = base.field >= least && union.depth < SetUnion.maximumDepth
                return isInOrder || flattened(set) != nil
            }
            let lower = below.overlay.object
            if lower.field >= least { return true }
            guard reserve(Size.union(lower.field &+ overlay.field)), let joined = merge(lower, overlay) else {
                return false
            }
            set[0] = Object.header(Kind.union, count: below.depth, field: set.field)
            write(below.base, to: set.values)
            write(joined, to: set.values + 1)
        }
        return true
    }

    /// The set that has the attributes of this one in one object, in the order of symbols.
    ///
    /// It reserves memory for a union, which refers to that set from then on. A step calls it before any effect and
    /// returns `.collect` on nil, which may also mean that the evaluation must stop.
    @inline(__always)
    func flattened(_ set: Object) -> Object? {
        _fastPath(set.kind == Kind.attributes) ? set : flattenedUnion(set)
    }

    @inline(__always)
    func flattened(_ set: AttributesRef) -> AttributesRef? { flattened(set.object).map { AttributesRef($0) } }

    @inline(never)
    private func flattenedUnion(_ set: Object) -> Object? {
        guard let union = Self.union(set) else { return set.flat }
        guard reserve(flatteningBytes(union)) else { return nil }
        var upper = union.overlay.object
        var base = union.base.withoutFlattened.object
        while let below = Self.union(base) {
            guard let joined = merge(below.overlay.object, upper) else { return nil }
            upper = joined.object
            base = below.base.withoutFlattened.object
        }
        guard let all = upper.field == 0 ? duplicate(base) : merge(base, upper) else { return nil }
        write(all, to: set.values)
        union.becomeFlattened()
        return all.object
    }

    /// What flattening a union takes.
    private func flatteningBytes(_ union: SetUnion) -> Int {
        var count = union.overlay.object.field
        var bytes = 0
        var base = union.base.withoutFlattened.object
        while let below = Self.union(base) {
            count &+= below.overlay.object.field
            bytes &+= Size.union(count)
            base = below.base.withoutFlattened.object
        }
        return bytes &+ Size.union(count &+ base.field)
    }

    // MARK: Looking up

    /// The slot of an attribute of a union or a flattened one.
    @inline(never)
    func lookupInUnion(_ set: Object, _ symbol: UInt32) -> Slot? {
        guard let union = Self.union(set) else { return lookup(set.flat, symbol) }
        noteLookup(union)
        var base = set
        while let union = Self.union(base) {
            if let found = lookup(union.overlay.object, symbol) { return found }
            base = union.base.object
        }
        return lookup(base.flat, symbol)
    }

    /// Counts what a lookup costs. When lookups have cost as much as flattening would have, the union is flattened after
    /// the next collection, because here nothing can be allocated.
    @inline(__always)
    private func noteLookup(_ union: SetUnion) {
        let cost = union.cost.small &+ union.depth
        union.cost = Value(small: cost)
        if cost > union.object.field / SetUnion.flattenedPerLookup {
            state.pointee.unionToFlatten = Value(Tag.attributes, union.object)
        }
    }

    /// Flattens the union that was looked up most often, if that leaves `bytes` bytes without a collection.
    func flattenOftenUsed(leaving bytes: Int) {
        let value = state.pointee.unionToFlatten
        guard !value.isNull else { return }
        state.pointee.unionToFlatten = .null
        guard let union = Self.union(value.object),
            state.pointee.registers.hp + (flatteningBytes(union) &+ bytes) <= state.pointee.hpLimit
        else { return }
        _ = flattenedUnion(value.object)
    }

    /// An attribute of a set; nil if the set does not have it.
    func attribute(of set: Object, _ symbol: UInt32) -> AttributeSlot? {
        guard let slot = lookup(set, symbol) else { return nil }
        if set.kind == Kind.attributes {
            return AttributeSlot(entry: set.ownLayout.entries[slot - set.ownValues], slot: slot)
        }
        return entry(set, symbol).map { AttributeSlot(entry: $0, slot: slot) }
    }

    /// Whether a set has an attribute. What is found is not remembered.
    func contains(_ set: Object, _ symbol: UInt32) -> Bool { entry(set, symbol) != nil }

    /// The layout's entry of an attribute; nil if the set does not have it.
    func entry(_ set: Object, _ symbol: UInt32) -> LayoutEntry? {
        var set = set
        while let union = Self.union(set) {
            if let found = ownEntry(union.overlay.object, symbol) { return found }
            set = union.base.object
        }
        return ownEntry(set.flat, symbol)
    }

    private func ownEntry(_ set: Object, _ symbol: UInt32) -> LayoutEntry? {
        let entries = set.ownLayout.entries
        return index(of: symbol, in: entries, set.field).map { entries[$0] }
    }

    // MARK: Enumerating without the heap

    /// An attribute of a set: its symbol and position, and where its value is.
    struct AttributeSlot {
        var entry: LayoutEntry
        var slot: Slot
    }

    /// All attributes of a set in the order of symbols, for messages and for the host, where nothing can be reserved.
    func slots(of set: Object) -> [AttributeSlot] {
        guard let union = Self.union(set) else { return ownSlots(set.flat) }
        var upper = ownSlots(union.overlay.object)
        var base = union.base.object
        while let below = Self.union(base) {
            upper = joined(ownSlots(below.overlay.object), upper)
            base = below.base.object
        }
        return joined(ownSlots(base.flat), upper)
    }

    private func ownSlots(_ set: Object) -> [AttributeSlot] {
        (0..<set.field).map { AttributeSlot(entry: set.ownLayout.entries[$0], slot: set.ownValues + $0) }
    }

    private func joined(_ lower: [AttributeSlot], _ upper: [AttributeSlot]) -> [AttributeSlot] {
        var joined: [AttributeSlot] = []
        joined.reserveCapacity(lower.count + upper.count)
        var rest = lower[...]
        for attribute in upper {
            while let first = rest.first, first.entry.symbol <= attribute.entry.symbol {
                if first.entry.symbol < attribute.entry.symbol { joined.append(first) }
                rest.removeFirst()
            }
            joined.append(attribute)
        }
        return joined + rest
    }
}
