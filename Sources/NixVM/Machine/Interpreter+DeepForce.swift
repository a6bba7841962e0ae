/// The frame of a deep force. Above it is a `DeepForceItem` for each container that is being walked.
struct DeepForceFrame: BuiltinFrame {
    let argument: Value
    @Held var hasBegun: Bool
}

/// A value that is forced with everything in it.
struct DeepForceItem: BuiltinFrame {
    var value: Value
    /// The index of the next element of a container; -1 before the value is forced.
    @Held var index: Int
}

/// `deepSeq`, and the deep force before a result is printed.
extension Interpreter {
    private var frame: DeepForceFrame {
        @inline(__always) _read { yield topFrame(as: DeepForceFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: DeepForceFrame.self).pointee }
    }

    /// Forces everything in the argument.
    ///
    /// A flag in the header of a container marks that it has been entered, so that shared values are visited once and
    /// cycles end. The flag stays, because what was forced stays forced. When a failure unwinds this frame, the
    /// containers that are still open lose it again.
    func deepForceStep() -> Step {
        if !frame.hasBegun {
            guard reserveSlots(3) else { return .collect }
            frame.hasBegun = true
            pushItem(frame.argument)
        }
        let items = above(DeepForceFrame.self)
        while sp > items {
            let slot = sp - DeepForceItem.count
            let item = slot.words(as: DeepForceItem.self)
            if item.pointee.index < 0 {
                if !isForced(slot) { return .force }
                if item.pointee.value.isAttributes, !flattenItem(item) { return .collect }
                let value = item.pointee.value
                guard value.isList || value.isAttributes, value.object[0] & Object.deepFlag == 0 else {
                    sp = slot
                    continue
                }
                if value.object.field > 0 { value.object[0] |= Object.deepFlag }
                item.pointee.index = 0
            }
            let index = item.pointee.index
            if index == item.pointee.value.object.field {
                sp = slot
                continue
            }
            guard reserveSlots(3), let element = element(of: item.pointee.value, at: index) else { return .collect }
            guard charge(1) else { return .error }
            item.pointee.index = index + 1
            pushItem(element.pointee)
        }
        return done(frame.argument)
    }

    /// Replaces a union by the set that it is flattened to, because only that one has the flag. The result is false when
    /// room is needed.
    private func flattenItem(_ item: UnsafeMutablePointer<DeepForceItem>) -> Bool {
        guard let set = flattened(item.pointee.value.object) else { return false }
        item.pointee.value = Value(Tag.attributes, set)
        return true
    }

    @inline(__always)
    private func pushItem(_ value: Value) {
        push(value)
        push(Value(small: -1))
    }

    /// An element of a list, or an attribute of a set in the order of names. The order of symbols depends on what was
    /// loaded before, which must not decide which of two failures comes first. The result is nil when room is needed.
    @inline(__always)
    func element(of container: Value, at index: Int) -> Slot? {
        let object = container.object
        if container.isList { return object.values + index }
        guard let order = nameOrder(of: object) else { return nil }
        return object.attributeValues + Int(order[index])
    }

    /// Clears the flags of the containers that the deep force in the current frame has not finished.
    func clearDeepFlags() {
        var item = above(DeepForceFrame.self)
        while item + 1 < sp {
            if item.pointee.isList || item.pointee.isAttributes { item.pointee.object[0] &= ~Object.deepFlag }
            item += DeepForceItem.count
        }
    }
}
