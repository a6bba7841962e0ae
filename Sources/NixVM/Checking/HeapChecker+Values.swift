/// Checks of single values.
extension HeapChecker {
    /// Where a value is, which determines what it may be.
    enum Location: String {
        /// A slot of a frame that runs a chunk's code.
        case slot
        /// A slot of a builtin's frame, which may hold internal objects.
        case builtinSlot
        case capture, element, attribute, array
        /// The value of a thunk.
        case thunkValue
        /// A value that the host, a program or a table keeps.
        case root

        fileprivate var isInternal: Bool { self == .builtinSlot || self == .array }
    }

    /// Checks that a value may be at a location, and that its object is whole. The object's contents are not checked.
    func check(_ value: Value, _ location: Location) throws(Violation) {
        switch value.tag {
        case Tag.integer: return
        case Tag.immediate: return try checkImmediate(value, location)
        default: break
        }
        let object = value.object
        guard UInt(value.bits) > 7 else {
            throw Violation(.values, "an invalid value (\(hex(UInt(value.bits)))) as \(location.rawValue)")
        }
        try checkRange(object)
        guard isKind(object.kind, allowedUnder: value.tag, location) else {
            throw Violation(.values, "\(name(object)) under the tag \(value.tag) as \(location.rawValue)")
        }
        if location == .thunkValue, value.isThunk {
            throw Violation(.values, "a thunk whose value is a thunk")
        }
    }

    private func checkImmediate(_ value: Value, _ location: Location) throws(Violation) {
        if value.isNull || value.isBool { return }
        if value.bits == Value.absent.bits {
            if location == .builtinSlot { return }
            throw Violation(.absent, "`absent` as \(location.rawValue)")
        }
        guard value.isBuiltin, value.builtinIndex >= 0, value.builtinIndex < state.pointee.builtinCount else {
            throw Violation(.values, "the immediate \(hex(UInt(value.bits))) as \(location.rawValue)")
        }
    }

    private func isKind(_ kind: UInt64, allowedUnder tag: UInt64, _ location: Location) -> Bool {
        switch tag {
        case Tag.string: kind == Kind.string
        case Tag.thunk: kind <= Kind.indirection || kind == Kind.failed
        case Tag.attributes: kind == Kind.attributes || kind == Kind.union || kind == Kind.flattened
        case Tag.list: kind == Kind.list
        case Tag.function: kind == Kind.closure || kind == Kind.partial
        default:
            switch kind {
            case Kind.float, Kind.integer, Kind.path: true
            case Kind.withLink: location == .slot || location == .capture
            case Kind.bytes, Kind.array: location.isInternal
            default: false
            }
        }
    }
}
