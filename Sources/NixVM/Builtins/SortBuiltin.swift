/// `sort`: a bottom-up merge sort, stable, whose runs lie in arrays on the heap.
///
/// Slots: comparator, list, source array, target array, width, left, right, out. `left` and `right` are the indices of
/// the two elements being compared; `out` is where the smaller goes. The comparator's answer to `right < left` is at the
/// top when a step begins with `out` set.
extension VM {
    func sortStep() -> Step {
        guard argument(1).isList else { return failExpected("a list", argument(1)) }
        let count = bp[1].object.field
        if bp[2].isNull {
            if count == 0 { return done(bp[1]) }
            if let step = refuseUncallable(0) { return step }
            for index in 0..<count where !isForced(bp[1].object.values + index) { return .force }
            if count == 1 { return done(bp[1]) }
            guard reserve(Size.array(count) * 2) else { return .collect }
            guard charge(1 + count / 16) else { return .error }
            bp[2] = makeArray(bp[1].object, count)
            bp[3] = makeArray(bp[1].object, count)
            bp[4] = Value(small: 1)
            startRuns(at: 0)
        } else if bp[4].small >= count {
            return finishSort(count)
        } else {
            let verdict = pop()
            guard verdict.isBool else { return failExpected("a Boolean", verdict) }
            takeSmaller(fromRight: verdict.isTrue)
        }
        while bp[4].small < count {
            let width = bp[4].small
            let start = bp[7].small / (2 * width) * (2 * width)
            let middle = min(start + width, count)
            let end = min(start + 2 * width, count)
            if bp[7].small >= count {
                swap(&bp[2], &bp[3])
                bp[4] = Value(small: width * 2)
                startRuns(at: 0)
            } else if bp[5].small < middle, bp[6].small < end {
                push(bp[0])
                push(bp[2].object.values[bp[6].small])
                push(bp[2].object.values[bp[5].small])
                s.pointee.callCount = 2
                return .call
            } else if bp[5].small < middle {
                takeSmaller(fromRight: false)
            } else if bp[6].small < end {
                takeSmaller(fromRight: true)
            } else {
                startRuns(at: end)
            }
            if bp[7].small < count, bp[7].small == end { startRuns(at: end) }
        }
        return finishSort(count)
    }

    private func makeArray(_ list: Object, _ count: Int) -> Value {
        let array = take(words: 1 + count)
        array[0] = Object.header(Kind.array, field: count)
        array.values.update(from: list.values, count: count)
        return Value(Tag.other, array)
    }

    private func startRuns(at start: Int) {
        bp[5] = Value(small: start)
        bp[6] = Value(small: min(start + bp[4].small, bp[1].object.field))
        bp[7] = Value(small: start)
    }

    private func takeSmaller(fromRight: Bool) {
        let index = fromRight ? bp[6].small : bp[5].small
        bp[3].object.values[bp[7].small] = bp[2].object.values[index]
        if fromRight { bp[6] = Value(small: index + 1) } else { bp[5] = Value(small: index + 1) }
        bp[7] = Value(small: bp[7].small + 1)
    }

    private func finishSort(_ count: Int) -> Step {
        guard reserve(Size.list(count)) else { return .collect }
        let result = makeList(count)
        result.object.values.update(from: bp[2].object.values, count: count)
        return done(result)
    }
}
