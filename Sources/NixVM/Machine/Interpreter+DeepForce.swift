/// `deepSeq`, and the deep force before a result is printed.
extension Interpreter {
    /// Forces everything in the argument. The slots are the argument, whether the walk has begun, and one that is not
    /// used. Above them are pairs of a container and the index of its next element.
    ///
    /// A flag in the header of a container marks that it has been entered, so that shared values are visited once and
    /// cycles end. The flag stays, because what was forced stays forced. When a failure unwinds this frame, the
    /// containers that are still open lose it again.
    func deepForceStep() -> Step {
        if bp[1].isNull {
            guard reserveSlots(3) else { return .collect }
            bp[1] = .true
            push(bp[0])
            push(Value(small: -1))
        }
        while sp > bp + 3 {
            let item = sp - 2
            if item[1].small < 0 {
                if !isForced(item) { return .force }
                let value = item[0]
                guard value.isList || value.isAttributes, value.object[0] & Object.deepFlag == 0 else {
                    sp = item
                    continue
                }
                if value.object.field > 0 { value.object[0] |= Object.deepFlag }
                item[1] = Value(small: 0)
            }
            let object = item[0].object
            let index = item[1].small
            if index == object.field {
                sp = item
                continue
            }
            guard reserveSlots(3), let element = element(of: item[0], at: index) else { return .collect }
            guard charge(1) else { return .error }
            item[1] = Value(small: index + 1)
            push(element.pointee)
            push(Value(small: -1))
        }
        return done(bp[0])
    }

    /// An element of a list, or an attribute of a set in the order of names. The order of symbols depends on what was
    /// loaded before, which must not decide which of two failures comes first. The result is nil when room is needed.
    @inline(__always)
    func element(of container: Value, at index: Int) -> Slot? {
        let object = container.object
        if container.isList { return object.values + index }
        guard let order = nameOrder(object.layout) else { return nil }
        return object.attributeValues + Int(order[index])
    }

    /// Clears the flags of the containers that the deep force in the current frame has not finished.
    func clearDeepFlags() {
        var item = bp + 3
        while item + 1 < sp {
            if item.pointee.isList || item.pointee.isAttributes { item.pointee.object[0] &= ~Object.deepFlag }
            item += 2
        }
    }
}
