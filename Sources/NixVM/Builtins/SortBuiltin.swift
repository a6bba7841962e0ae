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

/// `sort`: a bottom-up merge sort, stable. It merges neighbouring runs of one array into another, then the arrays change
/// places and the runs are twice as long.
struct SortFrame: BuiltinFrame {
    let comparator: Value
    @Held var list: ListRef
    /// The array that holds the runs; null until the elements are forced.
    @Held var source: ArrayRef
    /// The array that two runs are merged into.
    @Held var target: ArrayRef
    /// The length of a run.
    @Held var width: Int
    /// The elements of the left and of the right run that are compared next.
    @Held var left: Int
    @Held var right: Int
    /// Where the smaller of the two goes.
    @Held var out: Int
    @Held var leftEnd: Int
    @Held var rightEnd: Int

    var hasBegun: Bool { !$source.isNull }
}

extension Interpreter {
    private var frame: SortFrame {
        @inline(__always) _read { yield topFrame(as: SortFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: SortFrame.self).pointee }
    }

    /// When a step begins after the first, the comparator's answer to `right < left` is at the top.
    func sortStep() -> Step {
        guard frame.$list.isList else { return failExpected("a list", frame.$list) }
        let count = frame.list.count
        if !frame.hasBegun {
            if count == 0 { return done(frame.$list) }
            if let step = refuseUncallable(0) { return step }
            if let step = forceElements(frame.list, .forced, { _ in nil }) { return step }
            if count == 1 { return done(frame.$list) }
            guard reserve(Size.array(count) * 2) else { return .collect }
            guard charge(1 + count / 16) else { return .error }
            guard let source = arrayOfElements(), let target = arrayOfElements() else { return .error }
            frame.source = source
            frame.target = target
            frame.width = 1
            startRuns(at: 0, count)
        } else if frame.width < count {
            let verdict = pop()
            guard verdict.isBool else { return failExpected("a Boolean", verdict) }
            takeSmaller(fromRight: verdict.isTrue)
        }
        let isNatural = sortsNaturally
        while frame.width < count {
            if frame.left < frame.leftEnd, frame.right < frame.rightEnd {
                let left = frame.source[frame.left]
                let right = frame.source[frame.right]
                if isNatural, isOrderedAlike(left, right) {
                    // The call that this avoids would have used one unit.
                    guard charge(1), let isLess = isLess(right, left) else { return .error }
                    takeSmaller(fromRight: isLess)
                    continue
                }
                push(isNatural ? .builtin(.lessThanDeep) : frame.comparator)
                push(right)
                push(left)
                state.pointee.callCount = 2
                return .call
            }
            guard mergeRest(count) else { return .error }
        }
        return finishSort(count)
    }

    /// Whether the comparator of the frame on top is `lessThan`.
    private var sortsNaturally: Bool {
        let comparator = frame.comparator
        return comparator.isBuiltin && state.pointee.builtins[comparator.builtinIndex].role == .naturalOrder
    }

    /// Whether two values are forced and of one type that `<` orders without looking further.
    private func isOrderedAlike(_ a: Value, _ b: Value) -> Bool {
        a.isSmall && b.isSmall || a.isString && b.isString
    }

    /// Copies what one run has left when the other is used up, and begins the next two runs. False with `failure` set when
    /// the evaluation must stop.
    private func mergeRest(_ count: Int) -> Bool {
        let source = frame.source
        let out = frame.target.slot(frame.out)
        let left = frame.leftEnd - frame.left
        let right = frame.rightEnd - frame.right
        guard charge((left + right) / 16) else { return false }
        for index in 0..<left {
            guard poll(at: index) else { return false }
            write(source[frame.left + index], to: out + index)
        }
        for index in 0..<right {
            guard poll(at: index) else { return false }
            write(source[frame.right + index], to: out + index)
        }
        let end = frame.rightEnd
        if end < count {
            startRuns(at: end, count)
        } else {
            frame.source = frame.target
            frame.target = source
            frame.width *= 2
            startRuns(at: 0, count)
        }
        return true
    }

    /// An array of the list's elements, for which room is reserved; nil with `failure` set when the evaluation must stop.
    private func arrayOfElements() -> ArrayRef? {
        let list = frame.list
        let array = ArrayRef(allocate(words: 1 + list.count))
        array.object[0] = Object.header(Kind.array, field: list.count)
        return copy(list.elements, to: array.elements, count: list.count) ? array : nil
    }

    private func startRuns(at start: Int, _ count: Int) {
        let middle = min(start + frame.width, count)
        frame.left = start
        frame.right = middle
        frame.out = start
        frame.leftEnd = middle
        frame.rightEnd = min(start + 2 * frame.width, count)
    }

    @inline(__always)
    private func takeSmaller(fromRight: Bool) {
        let source = frame.source
        let out = frame.target.slot(frame.out)
        if fromRight {
            write(source[frame.right], to: out)
            frame.right += 1
        } else {
            write(source[frame.left], to: out)
            frame.left += 1
        }
        frame.out += 1
    }

    private func finishSort(_ count: Int) -> Step {
        guard reserve(Size.list(count)) else { return .collect }
        let result = makeList(count)
        guard copy(frame.source.elements, to: result.list.elements, count: count) else { return .error }
        return done(result)
    }

    /// Notes for the backtrace that a comparison failed, if the comparator is `lessThan`: no call of a function says it
    /// then.
    func noteOrdering() -> Bool {
        guard sortsNaturally, frame.hasBegun else { return false }
        machine.notes.append(.text("while evaluating the ordering function passed to builtins.sort"))
        return true
    }
}
