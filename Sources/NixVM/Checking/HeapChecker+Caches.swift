/// Checks of what is cached by address or by symbol.
extension HeapChecker {
    /// Whether a deep force is running in some frame.
    var isForcingDeeply: Bool {
        if interpreter.stepIndex(registers.pc) == InternalStep.deepForce.index { return true }
        var frame = registers.fp
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
            try checkLayout(layout, "the shared layouts")
        }
        for index in 0..<LookupCacheEntry.count { try check(state.pointee.lookupCache[index]) }
        for index in 0..<CheckedElements.count { try check(state.pointee.checkedElements[index]) }
    }

    private func checkLayout(_ layout: Object, _ cache: String) throws(Violation) {
        try checkRange(layout)
        guard layout.kind == Kind.layout else {
            throw Violation(.caches, "\(name(layout)) among \(cache)")
        }
        try checkContents(layout)
    }

    private func check(_ entry: LayoutCacheEntry) throws(Violation) {
        guard let left = Object(bitPattern: entry.left) else { return }
        let cache = "the cached unions"
        try checkLayout(left, cache)
        guard let union = Object(bitPattern: entry.union) else { throw Violation(.caches, "a union without a layout") }
        try checkLayout(union, cache)
        guard let right = Object(bitPattern: entry.right) else { return }
        try checkLayout(right, cache)
        guard let runs = Object(bitPattern: entry.runs) else { return }
        try checkRange(runs)
        guard runs.kind == Kind.bytes, runs.field % 8 == 0, runs.field / 8 <= UnionRun.limit else {
            throw Violation(.caches, "\(name(runs)) for the runs of a union")
        }
        try check(runs, left, right, union)
    }

    /// Checks that the runs of a union take each key from the right place.
    private func check(_ runs: Object, _ left: Object, _ right: Object, _ union: Object) throws(Violation) {
        let table = UnsafeMutableRawPointer(runs + 1).assumingMemoryBound(to: UnionRun.self)
        var next = 0
        for index in 0..<(runs.field / 8) {
            let source = table[index].start & 1 == 1 ? right : left
            let start = Int(table[index].start >> 1)
            let count = Int(table[index].count)
            guard start + count <= source.field, next + count <= union.field else {
                throw Violation(.caches, "a run of a union extends beyond the end of a layout")
            }
            for key in 0..<count where source.entries[start + key].symbol != union.entries[next + key].symbol {
                throw Violation(.caches, "a run of a union takes the value of another key")
            }
            next += count
        }
        guard next == union.field else { throw Violation(.caches, "the runs have \(next) keys of \(union.field)") }
    }

    private func check(_ entry: LookupCacheEntry) throws(Violation) {
        guard let layout = Object(bitPattern: entry.layout) else { return }
        try checkLayout(layout, "the cached lookups")
        if entry.index == LookupCacheEntry.absent {
            let index = interpreter.lowerBound(layout.entries, layout.field, entry.symbol)
            guard index == layout.field || layout.entries[index].symbol != entry.symbol else {
                throw Violation(.caches, "a key that a layout has is cached as missing")
            }
        } else {
            guard Int(entry.index) < layout.field, layout.entries[Int(entry.index)].symbol == entry.symbol else {
                throw Violation(.caches, "a key is cached with the index of another key")
            }
        }
    }

    private func check(_ entry: CheckedElements) throws(Violation) {
        guard let list = Object(bitPattern: entry.list) else { return }
        try checkRange(list)
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

    /// Checks that the string of each symbol is permanent, and is the symbol's name.
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
