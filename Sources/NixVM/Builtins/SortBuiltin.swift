/// `sort`: a bottom-up merge sort, stable, whose runs lie in arrays on the heap.
///
/// Slots: comparator, list, source array, target array, width, left, right, out, end of the left run, end of the right
/// run. `left` and `right` are the indices of the two elements being compared; `out` is where the smaller goes. The
/// comparator's answer to `right < left` is at the top when a step begins with a source array.
extension Interpreter {
    func sortStep() -> Step {
        guard argument(1).isList else { return failExpected("a list", argument(1)) }
        let count = bp[1].object.field
        if bp[2].isNull {
            if count == 0 { return done(bp[1]) }
            if let step = refuseUncallable(0) { return step }
            if let step = forceElements(bp[1].object, .forced, { _ in nil }) { return step }
            if count == 1 { return done(bp[1]) }
            guard reserve(Size.array(count) * 2) else { return .collect }
            guard charge(1 + count / 16) else { return .error }
            guard let source = makeArray(bp[1].object, count), let target = makeArray(bp[1].object, count) else {
                return .error
            }
            bp[2] = source
            bp[3] = target
            bp[4] = Value(small: 1)
            startRuns(at: 0, count)
        } else if bp[4].small < count {
            let verdict = pop()
            guard verdict.isBool else { return failExpected("a Boolean", verdict) }
            takeSmaller(fromRight: verdict.isTrue)
        }
        let isNatural = sortsNaturally
        while bp[4].small < count {
            if bp[5].small < bp[8].small, bp[6].small < bp[9].small {
                let left = bp[2].object.values[bp[5].small]
                let right = bp[2].object.values[bp[6].small]
                if isNatural, isOrderedAlike(left, right) {
                    // What the call would cost: the verdict is the same.
                    guard charge(1), let isLess = isLess(right, left) else { return .error }
                    takeSmaller(fromRight: isLess)
                    continue
                }
                push(isNatural ? .builtin(Builtin.lessThanDeep) : bp[0])
                push(right)
                push(left)
                state.pointee.callCount = 2
                return .call
            }
            guard mergeRest(count) else { return .error }
        }
        return finishSort(count)
    }

    /// Whether the comparator of the current frame is `lessThan`.
    var sortsNaturally: Bool { bp[0].isBuiltin && bp[0].builtinIndex == state.pointee.lessThanIndex }

    /// Whether two values are forced and of one type that `<` orders without looking further.
    private func isOrderedAlike(_ a: Value, _ b: Value) -> Bool {
        a.isSmall && b.isSmall || a.isString && b.isString
    }

    /// One of the two runs is used up: what is left of the other follows, and then the next runs. False with `failure` set
    /// when a limit forbids it.
    private func mergeRest(_ count: Int) -> Bool {
        let source = bp[2].object.values
        let out = bp[3].object.values + bp[7].small
        let left = bp[8].small - bp[5].small
        let right = bp[9].small - bp[6].small
        guard charge((left + right) / 16) else { return false }
        for index in 0..<left {
            guard poll(at: index) else { return false }
            write(source[bp[5].small + index], to: out + index)
        }
        for index in 0..<right {
            guard poll(at: index) else { return false }
            write(source[bp[6].small + index], to: out + index)
        }
        let end = bp[9].small
        if end < count {
            startRuns(at: end, count)
        } else {
            swap(&bp[2], &bp[3])
            bp[4] = Value(small: bp[4].small * 2)
            startRuns(at: 0, count)
        }
        return true
    }

    private func makeArray(_ list: Object, _ count: Int) -> Value? {
        let array = allocate(words: 1 + count)
        array[0] = Object.header(Kind.array, field: count)
        guard copy(list.values, to: array.values, count: count) else { return nil }
        return Value(Tag.other, array)
    }

    private func startRuns(at start: Int, _ count: Int) {
        let middle = Value(small: min(start + bp[4].small, count))
        bp[5] = Value(small: start)
        bp[6] = middle
        bp[7] = Value(small: start)
        bp[8] = middle
        bp[9] = Value(small: min(start + 2 * bp[4].small, count))
    }

    @inline(__always)
    private func takeSmaller(fromRight: Bool) {
        let cursor = bp + (fromRight ? 6 : 5)
        write(bp[2].object.values[cursor.pointee.small], to: bp[3].object.values + bp[7].small)
        cursor.pointee = Value(small: cursor.pointee.small + 1)
        bp[7] = Value(small: bp[7].small + 1)
    }

    private func finishSort(_ count: Int) -> Step {
        guard reserve(Size.list(count)) else { return .collect }
        let result = makeList(count)
        guard copy(bp[2].object.values, to: result.object.values, count: count) else { return .error }
        return done(result)
    }
}
