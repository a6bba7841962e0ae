/// What a builtin that answers at once has found of a list's elements.
enum ElementCheck: UInt32 {
    case forced = 1
    case set, list, pair, name
}

/// The first elements of a list, which passed a check: what is forced stays so, and so a builtin that runs anew after
/// each element it had to force goes on where it was. Forgotten when a collection moves the list.
struct CheckedElements {
    static let count = 16
    var list: UInt = 0
    var check: UInt32 = 0
    var elements: UInt32 = 0
}

extension Interpreter {
    /// Forces the elements of a list, and checks each; what to answer while one is not forced or fails.
    ///
    /// - Parameter verify: answers nil for an element that passes; may ask to force more.
    func forceElements(_ list: ListRef, _ check: ElementCheck, _ verify: (Value) -> Step?) -> Step? {
        let entry =
            state.pointee.checkedElements + Int((UInt(bitPattern: list.object) &>> 3) % UInt(CheckedElements.count))
        let isKnown = entry.pointee.list == UInt(bitPattern: list.object) && entry.pointee.check == check.rawValue
        var index = isKnown ? Int(entry.pointee.elements) : 0
        while index < list.count {
            let step = isForced(list.slot(index)) ? verify(list[index]) : .force
            if let step {
                entry.pointee = CheckedElements(
                    list: UInt(bitPattern: list.object), check: check.rawValue,
                    elements: UInt32(truncatingIfNeeded: index))
                return step
            }
            index &+= 1
        }
        return nil
    }
}
