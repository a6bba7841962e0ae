/// The checks that a builtin without a frame makes on the elements of a list.
enum ElementCheck: UInt32 {
    case forced = 1
    case set, list, pair, name
}

/// How many elements at the start of a list have passed a check. What is forced stays forced, so a builtin that runs
/// again after each element it had to force continues where it was. Each collection empties the cache, because lists
/// move.
struct CheckedElements {
    static let count = 16
    var list: UInt = 0
    var check: UInt32 = 0
    var elements: UInt32 = 0
}

extension Interpreter {
    /// Forces and checks each element of a list. The result is the step to answer while an element is not forced or
    /// fails, and nil when all of them pass.
    ///
    /// - Parameter verify: Returns nil for an element that passes. It may ask for another force.
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
