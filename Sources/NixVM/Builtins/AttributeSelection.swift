/// A bit for each attribute of a set, in words that were reserved above what the result takes.
struct AttributeMarks: BitwiseCopyable {
    private let words: UnsafeMutablePointer<UInt64>
    /// The number of bits that are set.
    private(set) var count = 0

    /// What the marks of `count` attributes take.
    static func bytes(_ count: Int) -> Int { 8 &* (count / 64 &+ 1) }

    /// - Parameter start: The address of `bytes` bytes that nothing else uses while the marks do.
    init(at start: UnsafeMutableRawPointer, for attributes: Int) {
        words = start.assumingMemoryBound(to: UInt64.self)
        words.update(repeating: 0, count: Self.bytes(attributes) / 8)
    }

    @inline(__always) subscript(index: Int) -> Bool { words[index &>> 6] &>> UInt64(index & 63) & 1 != 0 }

    @inline(__always) mutating func insert(_ index: Int) {
        count &+= self[index] ? 0 : 1
        words[index &>> 6] |= 1 &<< UInt64(index & 63)
    }
}

/// Builtins and unions that take some of the attributes of a set.
extension Interpreter {
    /// The first byte that `bytes` reserved bytes do not need. What lies there is lost with the next allocation above it.
    @inline(__always)
    func scratch(above bytes: Int) -> UnsafeMutableRawPointer { state.pointee.registers.hp + bytes }

    /// What `selectMarked` needs: room for the result, and for the marks above it.
    static func selectionBytes(_ count: Int) -> Int { Size.attributesAndLayout(count) &+ AttributeMarks.bytes(count) }

    /// Marks for the attributes of a set. The caller has reserved `selectionBytes`.
    func makeMarks(_ set: AttributesRef) -> AttributeMarks {
        AttributeMarks(at: scratch(above: Size.attributesAndLayout(set.count)), for: set.count)
    }

    /// A set of those attributes of a flat set whose marks are `isMarked`. The caller has reserved `selectionBytes`. The
    /// result is nil, with `failure` set, when the evaluation must stop.
    func select(from set: AttributesRef, _ marks: AttributeMarks, are isMarked: Bool) -> Value? {
        let count = isMarked ? marks.count : set.count &- marks.count
        if count == 0 { return state.pointee.emptyAttributes }
        let (entries, values) = (set.entries, set.values)
        let layout = allocate(words: 2 &+ count)
        layout[0] = Object.header(Kind.layout, field: count)
        layout[1] = Value.null.bits
        guard gather(entries, to: layout.entries, set.count, marks, isMarked) else { return nil }
        let result = makeAttributes(layout: shared(layout))
        guard gather(values, to: result.object.ownValues, set.count, marks, isMarked) else { return nil }
        return result
    }

    /// Copies those elements whose marks are `isMarked`; false with `failure` set when the evaluation must stop.
    @inline(__always)
    private func gather<Element: BitwiseCopyable>(
        _ source: UnsafeMutablePointer<Element>, to target: UnsafeMutablePointer<Element>, _ count: Int,
        _ marks: AttributeMarks, _ isMarked: Bool
    ) -> Bool {
        var next = target
        for index in 0..<count {
            guard poll(at: index) else { return false }
            guard marks[index] == isMarked else { continue }
            next.pointee = source[index]
            next += 1
        }
        return true
    }

    /// Answers with a result; nil says that the evaluation must stop.
    private func answer(_ result: Value?) -> Step { result.map { done($0) } ?? .error }

    func removeAttributes() -> Step {
        guard let all = expectSet(0), let names = expectList(1) else { return .error }
        if let step = forceElements(names, .name, { isPlainString($0) ? nil : .error }) { return step }
        guard let set = flattened(all), reserve(Self.selectionBytes(set.count)) else { return .collect }
        guard charge(1 + names.count / 4 + set.count / 16) else { return .error }
        var removed = makeMarks(set)
        let values = set.values
        for index in 0..<names.count {
            let name = names[index].string.bytes
            guard poll(at: index), chargeName(name) else { return .error }
            if let symbol = state.pointee.symbols.find(name), let slot = lookup(set, symbol) {
                removed.insert(slot - values)
            }
        }
        if removed.count == 0 { return set.count == 0 ? done(set.value) : answer(duplicate(set.object)) }
        return answer(select(from: set, removed, are: false))
    }

    /// Takes the attributes of the right set, either by marking those that the left one has, or by looking up the names
    /// of the left one if these are far fewer.
    func intersectAttributes() -> Step {
        guard let left = expectSet(0), let right = expectSet(1) else { return .error }
        let most = min(left.count, right.count)
        if right.count <= Self.similarSizes * left.count {
            let comparesKeys = left.count <= Self.similarSizes * right.count
            guard let right = flattened(right), !comparesKeys || flattened(left) != nil,
                reserve(Self.selectionBytes(right.count))
            else { return .collect }
            guard charge(1 + most / 4) else { return .error }
            var kept = makeMarks(right)
            let isWhole = comparesKeys ? markCommon(left, right, &kept) : markKnown(left, right, &kept)
            return isWhole ? answer(select(from: right, kept, are: true)) : .error
        }
        guard let names = flattened(left), reserve(Size.attributesAndLayout(most) + Size.words(most)) else {
            return .collect
        }
        guard charge(1 + most / 4) else { return .error }
        return answer(select(names, from: right.object))
    }

    /// How many times as large as the other a set may be for both to be walked instead of looking up each name.
    private static let similarSizes = 8

    /// Marks the attributes of `right` that `left` has, by walking both in the order of symbols.
    private func markCommon(_ left: AttributesRef, _ right: AttributesRef, _ marks: inout AttributeMarks) -> Bool {
        let (leftEntries, rightEntries) = (left.entries, right.entries)
        let (leftCount, rightCount) = (left.count, right.count)
        var place = 0
        for index in 0..<rightCount {
            guard poll(at: index) else { return false }
            let symbol = rightEntries[index].symbol
            while place < leftCount, leftEntries[place].symbol < symbol { place &+= 1 }
            if place == leftCount { return true }
            if leftEntries[place].symbol == symbol { marks.insert(index) }
        }
        return true
    }

    /// Marks the attributes of `right` that `left` has, by looking up each of them.
    private func markKnown(_ left: AttributesRef, _ right: AttributesRef, _ marks: inout AttributeMarks) -> Bool {
        let entries = right.entries
        for index in 0..<right.count {
            guard poll(at: index) else { return false }
            if lookup(left, entries[index].symbol) != nil { marks.insert(index) }
        }
        return true
    }

    /// The attributes of a set that have one of the names. The caller has reserved a set with its layout and a word for
    /// each name.
    private func select(_ names: AttributesRef, from set: Object) -> Value? {
        let layout = state.pointee.registers.hp.assumingMemoryBound(to: UInt64.self)
        let found = scratch(above: Size.attributesAndLayout(names.count)).assumingMemoryBound(to: Value.self)
        let entries = names.entries
        var count = 0
        for index in 0..<names.count {
            guard poll(at: index) else { return nil }
            guard let attribute = attribute(of: set, entries[index].symbol) else { continue }
            layout.entries[count] = attribute.entry
            found[count] = attribute.slot.pointee
            count &+= 1
        }
        if count == 0 { return state.pointee.emptyAttributes }
        layout[0] = Object.header(Kind.layout, field: count)
        layout[1] = Value.null.bits
        _ = allocate(words: 2 &+ count)
        let result = makeAttributes(layout: shared(layout))
        result.object.ownValues.update(from: found, count: count)
        return result
    }

    /// A flat set without the attributes that another set has. The caller has reserved `selectionBytes`.
    func without(_ other: Object, _ set: AttributesRef) -> Value? {
        var known = makeMarks(set)
        let entries = set.entries
        for index in 0..<set.count {
            guard poll(at: index) else { return nil }
            if contains(other, entries[index].symbol) { known.insert(index) }
        }
        return select(from: set, known, are: false)
    }
}
