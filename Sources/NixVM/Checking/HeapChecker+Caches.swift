/// What is known by address or by symbol.
extension HeapChecker {
    /// Whether some frame is forcing a value in depth.
    var isForcingDeeply: Bool {
        if interpreter.stepIndex(r.pc) == InternalStep.deepForce.index { return true }
        var frame = r.fp
        while frame > state.pointee.framesBase {
            frame -= 1
            if interpreter.stepIndex(frame.pointee.pc) == InternalStep.deepForce.index { return true }
        }
        return false
    }

    func checkCaches() throws(Violation) {
        for index in 0..<LayoutCacheEntry.count { try check(state.pointee.layoutCache[index]) }
        for index in 0..<SharedLayout.count {
            guard let layout = Object(bitPattern: state.pointee.sharedLayouts[index].layout) else { continue }
            try checkLayout(layout, "the layouts that are shared")
        }
        for index in 0..<LookupCacheEntry.count { try check(state.pointee.lookupCache[index]) }
        for index in 0..<CheckedElements.count { try check(state.pointee.checkedElements[index]) }
    }

    private func checkLayout(_ layout: Object, _ place: String) throws(Violation) {
        try checkPlace(layout)
        guard layout.kind == Kind.layout else {
            throw Violation(.caches, "\(name(layout)) among \(place)")
        }
        try checkContents(layout)
    }

    private func check(_ entry: LayoutCacheEntry) throws(Violation) {
        guard let left = Object(bitPattern: entry.left) else { return }
        let place = "the unions that are known"
        try checkLayout(left, place)
        guard let union = Object(bitPattern: entry.union) else { throw Violation(.caches, "a union without a layout") }
        try checkLayout(union, place)
        guard let right = Object(bitPattern: entry.right) else { return }
        try checkLayout(right, place)
        guard let runs = Object(bitPattern: entry.runs) else { return }
        try checkPlace(runs)
        guard runs.kind == Kind.bytes, runs.field % 8 == 0, runs.field / 8 <= UnionRun.limit else {
            throw Violation(.caches, "\(name(runs)) for the runs of a union")
        }
        try check(runs, left, right, union)
    }

    /// Whether the runs of a union give each of its keys from where it comes.
    private func check(_ runs: Object, _ left: Object, _ right: Object, _ union: Object) throws(Violation) {
        let table = UnsafeMutableRawPointer(runs + 1).assumingMemoryBound(to: UnionRun.self)
        var place = 0
        for index in 0..<(runs.field / 8) {
            let source = table[index].start & 1 == 1 ? right : left
            let start = Int(table[index].start >> 1)
            let count = Int(table[index].count)
            guard start + count <= source.field, place + count <= union.field else {
                throw Violation(.caches, "a run of a union passes the end of a layout")
            }
            for key in 0..<count where source.entries[start + key].symbol != union.entries[place + key].symbol {
                throw Violation(.caches, "a run of a union gives another key's value")
            }
            place += count
        }
        guard place == union.field else { throw Violation(.caches, "runs give \(place) keys of \(union.field)") }
    }

    private func check(_ entry: LookupCacheEntry) throws(Violation) {
        guard let layout = Object(bitPattern: entry.layout) else { return }
        try checkLayout(layout, "the places of keys that are known")
        if entry.index == LookupCacheEntry.absent {
            let index = interpreter.lowerBound(layout.entries, layout.field, entry.symbol)
            guard index == layout.field || layout.entries[index].symbol != entry.symbol else {
                throw Violation(.caches, "a key that a layout has is known as missing")
            }
        } else {
            guard Int(entry.index) < layout.field, layout.entries[Int(entry.index)].symbol == entry.symbol else {
                throw Violation(.caches, "a key is known at another key's place")
            }
        }
    }

    private func check(_ entry: CheckedElements) throws(Violation) {
        guard let list = Object(bitPattern: entry.list) else { return }
        try checkPlace(list)
        guard list.kind == Kind.list, Int(entry.elements) <= list.field else {
            throw Violation(.caches, "\(entry.elements) elements checked of \(name(list))")
        }
        for index in 0..<Int(entry.elements) {
            let value = list.values[index]
            if value.isThunk, value.object.kind != Kind.indirection {
                throw Violation(.caches, "element \(index) of a list that was checked is not forced")
            }
        }
    }

    /// Whether the strings kept for symbols are permanent, and are their names.
    func checkSymbols() throws(Violation) {
        for symbol in 0..<UInt32(truncatingIfNeeded: state.pointee.symbols.count) {
            let value = state.pointee.symbols.string(symbol)
            if value.bits == 0 { continue }
            guard value.isString, region(of: UInt(bitPattern: value.object)) == .permanent else {
                throw Violation(.symbols, "the string of symbol \(symbol) is not permanent")
            }
            try checkContents(value.object)
            guard compareBytes(value.object.byteBuffer, state.pointee.symbols.bytes(symbol)) == 0 else {
                throw Violation(.symbols, "the string of symbol \(symbol) is not its name")
            }
        }
    }
}
