/// Checks of the contents of objects.
extension HeapChecker {
    /// Checks that an object's header and contents agree. Its first `limit` values are checked themselves, but not the
    /// objects they refer to.
    func checkContents(_ object: Object, limit: Int = .max) throws(Violation) {
        try checkRange(object)
        switch object.kind {
        case Kind.thunk, Kind.blackhole, Kind.closure:
            try checkCode(object)
            try checkValues(object.values, object.captureCount, .capture, limit)
        case Kind.indirection: try checkValues(object.values, 1, .thunkValue, limit)
        case Kind.partial: try checkPartial(object, limit)
        case Kind.list: try checkValues(object.values, object.field, .element, limit)
        case Kind.array: try checkValues(object.values, object.field, .array, limit)
        case Kind.attributes: try checkAttributes(object, limit)
        case Kind.union: try checkUnion(object, limit)
        case Kind.flattened: try checkFlattened(object)
        case Kind.layout: try checkLayout(object, limit)
        case Kind.string: try checkString(object)
        case Kind.path: try checkPadding(object)
        case Kind.integer: try checkInteger(object)
        case Kind.withLink: try checkLink(object)
        case Kind.failed: try checkFailed(object)
        default: break
        }
    }

    private func checkValues(_ slots: Slot, _ count: Int, _ location: Location, _ limit: Int) throws(Violation) {
        for index in 0..<min(count, limit) { try check(slots[index], location) }
    }

    /// Checks that a closure or thunk refers to a chunk of its kind, and has the captures that the chunk needs.
    private func checkCode(_ object: Object) throws(Violation) {
        if object == state.pointee.machineEnv { return }
        guard object.field > 0, object.field < state.pointee.chunkCount else {
            throw Violation(.headers, "\(name(object)) names chunk \(object.field) of \(state.pointee.chunkCount)")
        }
        let chunk = state.pointee.chunks[object.field]
        guard UInt(bitPattern: chunk.code) != 0 else {
            throw Violation(.headers, "\(name(object)) names chunk \(object.field), which was not announced")
        }
        guard (chunk.arity > 0) == (object.kind == Kind.closure) else {
            throw Violation(.headers, "\(name(object)) names chunk \(object.field) of \(chunk.arity) arguments")
        }
        guard let description = description(of: chunk), description.kind != .topLevel else { return }
        guard object.captureCount == Int(description.upvalueCount) else {
            throw Violation(
                .headers, "\(name(object)) has \(object.captureCount) captures of \(description.upvalueCount)")
        }
    }

    private func checkPartial(_ object: Object, _ limit: Int) throws(Violation) {
        try checkValues(object.values, object.captureCount, .capture, limit)
        let function = object.values[0]
        let isWhole = function.isBuiltin || function.tag == Tag.function && function.object.kind == Kind.closure
        guard object.captureCount >= 2, isWhole, let arity = interpreter.arity(of: function),
            object.captureCount - 1 < arity
        else { throw Violation(.headers, "a partial application of \(object.captureCount) words") }
    }

    func checkAttributes(_ object: Object, _ limit: Int) throws(Violation) {
        guard let layout = Object(bitPattern: UInt(object[1])) else {
            throw Violation(.headers, "a set without a layout")
        }
        try checkRange(layout)
        guard layout.kind == Kind.layout, layout.field == object.field else {
            throw Violation(
                .headers, "a set of \(object.field) attributes with \(name(layout)) of \(layout.field) for its layout")
        }
        try checkValues(object.attributeValues, object.field, .attribute, limit)
    }

    private func checkLayout(_ layout: Object, _ limit: Int) throws(Violation) {
        let count = min(layout.field, limit)
        for index in 0..<count {
            let symbol = layout.entries[index].symbol
            guard Int(symbol) < state.pointee.symbols.count else {
                throw Violation(.layouts, "symbol \(symbol) of \(state.pointee.symbols.count)")
            }
            if index > 0, layout.entries[index - 1].symbol >= symbol {
                throw Violation(.layouts, "symbol \(symbol) after \(layout.entries[index - 1].symbol)")
            }
            guard Int(layout.entries[index].position) <= interpreter.machine.attributePositions.count else {
                throw Violation(.layouts, "position number \(layout.entries[index].position) of an attribute")
            }
        }
        let order = layout.values[0]
        if order.isNull { return }
        guard order.tag == Tag.other, order.bits > 7 else {
            throw Violation(.nameOrder, "an order that is not an object")
        }
        try checkRange(order.object)
        guard order.object.kind == Kind.bytes, order.object.field == 4 * layout.field else {
            throw Violation(
                .nameOrder, "\(name(order.object)) of \(order.object.field) for the order of \(layout.field)")
        }
        if count == layout.field { try checkOrder(order.object, layout) }
    }

    private func checkOrder(_ order: Object, _ layout: Object) throws(Violation) {
        let indices = UnsafeMutableRawPointer(order + 1).assumingMemoryBound(to: UInt32.self)
        for index in 0..<layout.field {
            guard Int(indices[index]) < layout.field else {
                throw Violation(.nameOrder, "index \(indices[index]) of \(layout.field)")
            }
            if index == 0 { continue }
            let before = layout.entries[Int(indices[index - 1])].symbol
            // Strictly ascending names are distinct, so all of them are there.
            guard state.pointee.symbols.precedes(before, layout.entries[Int(indices[index])].symbol) else {
                throw Violation(.nameOrder, "names are not ascending at index \(index)")
            }
        }
    }

    private func checkString(_ string: Object) throws(Violation) {
        try checkPadding(string)
        guard string.hasContext else { return }
        let context = string.contextSlot.pointee
        guard context.tag == Tag.list, context.bits > 7 else {
            throw Violation(.strings, "a string whose context is \(hex(UInt(context.bits)))")
        }
        let list = context.object
        try checkRange(list)
        guard list.kind == Kind.list, list.field > 0 else {
            throw Violation(.strings, "\(name(list)) of \(list.field) for a context")
        }
        for index in 0..<list.field {
            let element = list.values[index]
            guard element.isString, region(of: UInt(bitPattern: element.object)) == .permanent else {
                throw Violation(.strings, "an element of a context that is not permanent")
            }
            if index > 0, list.values[index - 1].bits >= element.bits {
                throw Violation(.strings, "elements of a context are not ascending")
            }
        }
    }

    private func checkPadding(_ string: Object) throws(Violation) {
        for index in string.field..<(Object.words(forBytes: string.field) * 8) where string.bytes[index] != 0 {
            throw Violation(.strings, "\(name(string)) of \(string.field) bytes is not padded with zero")
        }
    }

    private func checkInteger(_ object: Object) throws(Violation) {
        if Value.smallRange.contains(Int(truncatingIfNeeded: object[1])) {
            throw Violation(.values, "the integer \(Int64(bitPattern: object[1])) in an object though it fits a value")
        }
    }

    private func checkLink(_ link: Object) throws(Violation) {
        try check(link.values[0], .capture)
        let outer = link.values[1]
        if outer.isNull { return }
        try check(outer, .capture)
        guard outer.isKind(Kind.withLink) else {
            throw Violation(.values, "a with chain whose outer link is not a link")
        }
    }

    private func checkFailed(_ thunk: Object) throws(Violation) {
        let value = thunk.values[0]
        guard value.isSmall else { throw Violation(.caughtFailures, "a failed thunk without a number") }
        if value == FailureReference.none.value { return }
        guard interpreter.machine.caughtFailures.failure(FailureReference(value)) != nil else {
            throw Violation(.caughtFailures, "a failed thunk names failure \(FailureReference(value).number)")
        }
    }
}
