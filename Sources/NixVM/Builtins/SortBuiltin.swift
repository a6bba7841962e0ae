extension Builtin {
    static let sorting: [Builtin] = [
        .frame(
            "sort", [.evaluated("comparator", isLazy: true), .checked("list")], frame: SortFrame.self, since: "1.10",
            "The elements in the order of `comparator`, which says whether its first argument goes before its second. "
                + "Elements that are equal keep their order.",
            inner: .ofType("while evaluating the return value of the sorting function passed to builtins.sort"),
            backtrace: BacktraceHook { interpreter, _ in interpreter.noteOrdering() }
        ) { $0.sortStep() }
    ]
}

/// `sort`: the merge sort of Nix, peeksort by Munro and Wild, which is stable and uses runs that are in order already.
///
/// A range is sorted by looking for the run around its middle, sorting what lies on either side of the run, and merging.
/// Short ranges are sorted by insertion. The recursion is a stack of tasks in an array, since the comparator may be a
/// function of the program, which is called between two steps. It is called with the same elements in the same order as
/// in Nix.
struct SortFrame: BuiltinFrame {
    let comparator: Value
    @Held var list: ListRef
    @Held var phase: SortPhase
    /// The elements, which are sorted in place.
    @Held var items: ArrayRef
    /// Holds the left one of two runs that are merged; unused if insertion sorts the whole list.
    @Held var buffer: ArrayRef
    /// The tasks that wait, of four words each; unused as `buffer` is.
    @Held var tasks: ArrayRef
    @Held var taskCount: Int
    /// The range that is sorted or merged.
    @Held var begin: Int
    @Held var end: Int
    /// Where the run ends that the range begins with.
    @Held var leftEnd: Int
    /// Where the run begins that the range ends with.
    @Held var rightBegin: Int
    /// The index of the element that is compared next, which goes before another one if the answer is true.
    @Held var right: Int
    /// The index in `buffer` of the other one when runs are merged. Otherwise that is the element before `right`.
    @Held var left: Int
    /// Where insertion has come to, the next place for the result of a merge, or where the run around the middle begins.
    @Held var mark: Int
}

/// What the answer of the comparator decides.
enum SortPhase: Int, FramePhase {
    case begin
    /// Whether an element is inserted further to the left.
    case insert
    /// Whether the run around the middle descends.
    case peek
    /// Whether the run extends further to the left or to the right.
    case ascendLeft, ascendRight, descendLeft, descendRight
    /// From which of two runs the next element comes.
    case merge
    case sorted
}

extension Interpreter {
    /// When a step begins after the first, the comparator's answer is at the top.
    func sortStep() -> Step {
        let frame = topFrame(as: SortFrame.self)
        let sort = PeekSort(interpreter: self, frame: frame)
        if frame.pointee.phase == .begin {
            if let step = beginSort(sort) { return step }
        } else {
            let verdict = pop()
            guard verdict.isBool else { return failExpected("a Boolean", verdict) }
            guard sort.advance(verdict.isTrue) else { return .error }
        }
        let isNatural = sortsNaturally
        while frame.pointee.phase != .sorted {
            let (right, left) = sort.compared
            if isNatural, isOrderedAlike(left, right) {
                // The call that this avoids would have used one unit.
                guard charge(1), let isLess = isOrdered(right, left), sort.advance(isLess) else { return .error }
                continue
            }
            push(isNatural ? .builtin(.lessThanDeep) : frame.pointee.comparator)
            push(right)
            push(left)
            state.pointee.callCount = 2
            return .call
        }
        return done(sort.finish())
    }

    /// Checks the arguments and copies the elements. The result is the step to answer; nil to go on.
    private func beginSort(_ sort: PeekSort) -> Step? {
        let frame = sort.frame
        guard frame.pointee.$list.isList else { return failExpected("a list", frame.pointee.$list) }
        let count = frame.pointee.list.count
        if count == 0 { return done(frame.pointee.$list) }
        if let step = refuseUncallable(0) { return step }
        if let step = forceElements(frame.pointee.list, .forced, { _ in nil }) { return step }
        if count == 1 { return done(frame.pointee.$list) }
        let isShort = count <= PeekSort.insertionLimit
        let taskWords = isShort ? 0 : PeekSort.taskWords(count)
        guard reserve(Size.array(count) + (isShort ? 0 : Size.array(count) + Size.array(taskWords))) else {
            return .collect
        }
        guard charge(1 + count / 16), let items = arrayOfElements(frame.pointee.list) else { return .error }
        frame.pointee.items = items
        if !isShort {
            guard let buffer = arrayOfElements(frame.pointee.list) else { return .error }
            frame.pointee.buffer = buffer
            frame.pointee.tasks = makeArray(taskWords)
        }
        return sort.begin(0, count, leftEnd: 0, rightBegin: count) ? nil : .error
    }

    /// An array of the list's elements, for which room is reserved; nil with `failure` set when the evaluation must stop.
    private func arrayOfElements(_ list: ListRef) -> ArrayRef? {
        let array = ArrayRef(allocate(words: 1 + list.count))
        array.object[0] = Object.header(Kind.array, field: list.count)
        return copy(list.elements, to: array.elements, count: list.count) ? array : nil
    }

    /// Whether the comparator of the frame on top is `lessThan`.
    private var sortsNaturally: Bool {
        let comparator = topFrame(as: SortFrame.self).pointee.comparator
        return comparator.isBuiltin && state.pointee.builtins[comparator.builtinIndex].role == .naturalOrder
    }

    /// Whether two values are forced and of one type that `<` orders without looking further.
    @inline(__always)
    private func isOrderedAlike(_ a: Value, _ b: Value) -> Bool { Value.areSmall(a, b) || a.isString && b.isString }

    /// `a < b` for two values that are ordered alike; nil with `failure` set when the evaluation must stop.
    @inline(__always)
    private func isOrdered(_ a: Value, _ b: Value) -> Bool? { a.isSmall ? a.small < b.small : isLess(a, b) }

    /// Notes for the backtrace that a comparison failed, if the comparator is `lessThan`: no call of a function says it
    /// then.
    func noteOrdering() -> Bool {
        guard sortsNaturally, topFrame(as: SortFrame.self).pointee.phase != .begin else { return false }
        machine.notes.append(.text("while evaluating the ordering function passed to builtins.sort"))
        return true
    }
}
