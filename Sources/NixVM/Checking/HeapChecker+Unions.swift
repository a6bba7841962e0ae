/// Checks of unions of a large set and a small one.
extension HeapChecker {
    /// Checks the parts of a union. Its attributes are counted only if all contents are checked.
    func checkUnion(_ object: Object, _ limit: Int) throws(Violation) {
        let union = SetUnion(object)
        try check(union.base, .attribute)
        try check(union.overlay, .attribute)
        guard union.base.isAttributes, union.overlay.isAttributes, union.overlay.object.kind == Kind.attributes else {
            throw Violation(.unions, "a union of \(name(union.base.object)) and \(name(union.overlay.object))")
        }
        let base = union.base.withoutFlattened.object
        guard union.depth > (base.kind == Kind.union ? SetUnion(base).depth : 0), union.depth <= SetUnion.maximumDepth
        else { throw Violation(.unions, "a union of depth \(union.depth)") }
        guard union.cost.isSmall else { throw Violation(.unions, "a union without the cost of its lookups") }
        guard limit == .max else { return }
        try checkAttributes(union.overlay.object, limit)
        let overlay = union.overlay.attributes
        var added = 0
        for index in 0..<overlay.count where !interpreter.contains(base, overlay.entries[index].symbol) { added += 1 }
        guard object.field == base.field + added else {
            throw Violation(
                .unions, "a union of \(object.field) attributes, whose parts have \(base.field) and \(added) more")
        }
    }

    /// Checks that a union that has been flattened refers to a set of as many attributes.
    func checkFlattened(_ object: Object) throws(Violation) {
        let set = object.values[0]
        try check(set, .attribute)
        guard set.isAttributes, set.object.kind == Kind.attributes, set.object.field == object.field else {
            throw Violation(.unions, "a flattened union of \(object.field) refers to \(name(set.object))")
        }
    }
}
