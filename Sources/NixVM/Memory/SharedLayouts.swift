/// One of the layouts made while running, found again by its keys.
struct SharedLayout {
    static let count = 2048
    /// Layouts of more keys are not looked for.
    static let most = 4096
    var layout: UInt = 0
    var hash: UInt64 = 0
}

extension Interpreter {
    /// The layout just made, or an older one of the same keys and positions: then the words it took are free again.
    ///
    /// One place of a program makes sets of the same keys again and again. Where these share a layout, they take less
    /// memory, and what is known of one layout (its order by name, its unions) is known for all.
    ///
    /// - Parameter layout: the last object made.
    func shared(_ layout: Object) -> Object {
        let count = layout.field
        if count > SharedLayout.most { return layout }
        let entries = layout.entries
        var hash = UInt64(truncatingIfNeeded: count)
        for index in 0..<count { hash = (hash ^ entries[index].bits) &* 0x9E37_79B9_7F4A_7C15 &+ hash &>> 29 }
        let slot = state.pointee.sharedLayouts + Int((hash ^ hash &>> 32) & UInt64(SharedLayout.count - 1))
        if slot.pointee.hash == hash, let known = Object(bitPattern: slot.pointee.layout), known.field == count,
            (0..<count).allSatisfy({ known.entries[$0].bits == entries[$0].bits })
        {
            state.pointee.r.hp = UnsafeMutableRawPointer(layout)
            return known
        }
        slot.pointee = SharedLayout(layout: UInt(bitPattern: layout), hash: hash)
        return layout
    }

    /// Forgets the layouts that nothing refers to any more.
    func moveSharedLayouts(_ collector: inout Collector) {
        for index in 0..<SharedLayout.count {
            let slot = state.pointee.sharedLayouts + index
            if slot.pointee.layout == 0 { continue }
            if let layout = collector.survivor(slot.pointee.layout) {
                slot.pointee.layout = layout
            } else {
                slot.pointee = SharedLayout()
            }
        }
    }
}
