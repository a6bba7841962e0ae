/// An entry of the table that finds a layout made at run time by its keys.
struct SharedLayout {
    static let count = 2048
    /// Layouts with more keys than this are not shared.
    static let maximumKeys = 4096
    var layout: UInt = 0
    var hash: UInt64 = 0
}

extension Interpreter {
    /// The layout just made, or an older one with the same keys and positions. In the latter case the words of the new
    /// one are free again.
    ///
    /// One expression of a program makes sets of the same keys again and again. When these share a layout they take
    /// less memory, and what is cached for a layout (its order by name, its unions) serves all of them.
    ///
    /// - Parameter layout: The object that was allocated last.
    func shared(_ layout: Object) -> Object {
        let count = layout.field
        if count > SharedLayout.maximumKeys { return layout }
        let entries = layout.entries
        var hash = UInt64(truncatingIfNeeded: count)
        for index in 0..<count { hash = (hash ^ entries[index].bits) &* 0x9E37_79B9_7F4A_7C15 &+ hash &>> 29 }
        let slot = state.pointee.sharedLayouts + Int((hash ^ hash &>> 32) & UInt64(SharedLayout.count - 1))
        if slot.pointee.hash == hash, let known = Object(bitPattern: slot.pointee.layout), known.field == count,
            (0..<count).allSatisfy({ known.entries[$0].bits == entries[$0].bits })
        {
            state.pointee.registers.hp = UnsafeMutableRawPointer(layout)
            return known
        }
        slot.pointee = SharedLayout(layout: UInt(bitPattern: layout), hash: hash)
        return layout
    }

    /// Updates the addresses in the table, and drops the layouts that did not survive.
    func moveSharedLayouts(_ collector: some ReferenceVisitor) {
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
