/// The sort of the frame on top, for one step: it moves elements as the answers of the comparator say.
///
/// No write needs the barrier. The arrays get all their values when they are made, so a collection that moves an array out
/// of the nursery moves its values with it.
struct PeekSort {
    let interpreter: Interpreter
    let frame: UnsafeMutablePointer<SortFrame>

    /// The longest range that insertion sorts, as in Nix.
    static let insertionLimit = 16
    /// In place of a `rightBegin`: the task merges the runs that meet at its `leftEnd`.
    private static let mergeMark = -1
    private static let wordsPerTask = 4

    /// Words for the tasks that can wait at once.
    ///
    /// Each level of the recursion leaves at most two tasks. Either the next one has at most two thirds of its elements,
    /// or the one after that at most a third, until `insertionLimit` is reached: that is less than 1.71 levels for each
    /// bit beyond those of the limit.
    static func taskWords(_ count: Int) -> Int {
        let bits = Int.bitWidth - count.leadingZeroBitCount
        return 4 * (bits - 4) * wordsPerTask
    }

    /// The two elements that are compared next, of which the first goes before the second if the answer is true.
    @inline(__always)
    var compared: (right: Value, left: Value) {
        let index = frame.pointee.right
        let items = frame.pointee.items
        let left = frame.pointee.phase == .merge ? frame.pointee.buffer[frame.pointee.left] : items[index &- 1]
        return (items[index], left)
    }

    private var middle: Int { frame.pointee.begin + (frame.pointee.end - frame.pointee.begin) / 2 }

    /// Goes on to the next comparison, or to the end. False with `failure` set when the evaluation must stop.
    @inline(__always)
    func advance(_ verdict: Bool) -> Bool {
        switch frame.pointee.phase {
        case .merge: mergeOne(fromRight: verdict)
        case .insert: insertOne(isBefore: verdict)
        default: extendRun(verdict)
        }
    }

    // MARK: Insertion

    @inline(__always)
    private func insertOne(isBefore: Bool) -> Bool {
        if isBefore {
            let place = frame.pointee.items.slot(frame.pointee.right)
            let moved = place[0]
            place[0] = place[-1]
            place[-1] = moved
            frame.pointee.right &-= 1
            if frame.pointee.right > frame.pointee.begin { return true }
        }
        frame.pointee.mark &+= 1
        frame.pointee.right = frame.pointee.mark
        return frame.pointee.mark < frame.pointee.end || nextTask()
    }

    // MARK: Merging

    private func beginMerge(_ begin: Int, _ middle: Int, _ end: Int) -> Bool {
        guard begin < middle, middle < end else { return true }
        let count = middle - begin
        guard interpreter.charge(count / 16),
            interpreter.copy(frame.pointee.items.slot(begin), to: frame.pointee.buffer.elements, count: count)
        else { return false }
        frame.pointee.phase = .merge
        frame.pointee.end = end
        frame.pointee.leftEnd = count
        frame.pointee.left = 0
        frame.pointee.right = middle
        frame.pointee.mark = begin
        return true
    }

    /// Equal elements are taken from the left, which keeps their order.
    @inline(__always)
    private func mergeOne(fromRight: Bool) -> Bool {
        let items = frame.pointee.items
        if fromRight {
            items[frame.pointee.mark] = items[frame.pointee.right]
            frame.pointee.right &+= 1
        } else {
            items[frame.pointee.mark] = frame.pointee.buffer[frame.pointee.left]
            frame.pointee.left &+= 1
        }
        frame.pointee.mark &+= 1
        if frame.pointee.left < frame.pointee.leftEnd, frame.pointee.right < frame.pointee.end { return true }
        return finishMerge()
    }

    /// What is left of the right run is in its place already.
    private func finishMerge() -> Bool {
        let count = frame.pointee.leftEnd - frame.pointee.left
        let rest = frame.pointee.buffer.slot(frame.pointee.left)
        return interpreter.copy(rest, to: frame.pointee.items.slot(frame.pointee.mark), count: count) && nextTask()
    }

    // MARK: The run around the middle

    /// The run ends where a comparison answers otherwise than within it.
    private func extendRun(_ verdict: Bool) -> Bool {
        switch frame.pointee.phase {
        case .peek:
            frame.pointee.phase = verdict ? .descendLeft : .ascendLeft
            frame.pointee.right = middle - 1
            return frame.pointee.right > frame.pointee.leftEnd || turnRight()
        case .ascendLeft, .descendLeft:
            guard verdict == (frame.pointee.phase == .descendLeft) else { return turnRight() }
            frame.pointee.right -= 1
            return frame.pointee.right > frame.pointee.leftEnd || turnRight()
        default:
            let descends = frame.pointee.phase == .descendRight
            if verdict == descends {
                frame.pointee.right += 1
                if frame.pointee.right < frame.pointee.rightBegin { return true }
            }
            return (!descends || reverse(frame.pointee.mark, frame.pointee.right)) && split()
        }
    }

    /// Goes on at the middle, where the two elements are compared again, as in Nix.
    private func turnRight() -> Bool {
        frame.pointee.mark = frame.pointee.right
        frame.pointee.phase = frame.pointee.phase == .descendLeft ? .descendRight : .ascendRight
        frame.pointee.right = middle
        return true
    }

    private func reverse(_ begin: Int, _ end: Int) -> Bool {
        guard interpreter.charge((end - begin) / 16) else { return false }
        let items = frame.pointee.items
        for index in 0..<(end - begin) / 2 {
            guard interpreter.poll(at: index) else { return false }
            let moved = items[begin + index]
            items[begin + index] = items[end - 1 - index]
            items[end - 1 - index] = moved
        }
        return true
    }

    /// Sorts what lies beside the run, which goes to the shorter side.
    private func split() -> Bool {
        let (begin, end) = (frame.pointee.begin, frame.pointee.end)
        let (leftEnd, rightBegin) = (frame.pointee.leftEnd, frame.pointee.rightBegin)
        let (runBegin, runEnd) = (frame.pointee.mark, frame.pointee.right)
        if runBegin == begin, runEnd == end { return nextTask() }
        if middle - runBegin < runEnd - middle {
            pushTask(begin, end, leftEnd: runBegin, rightBegin: Self.mergeMark)
            pushTask(runBegin, end, leftEnd: runEnd, rightBegin: rightBegin)
            return self.begin(begin, runBegin, leftEnd: leftEnd, rightBegin: runBegin - 1)
        }
        pushTask(begin, end, leftEnd: runEnd, rightBegin: Self.mergeMark)
        pushTask(runEnd, end, leftEnd: runEnd + 1, rightBegin: rightBegin)
        return self.begin(begin, runEnd, leftEnd: leftEnd, rightBegin: runBegin)
    }

    // MARK: Tasks

    private func pushTask(_ begin: Int, _ end: Int, leftEnd: Int, rightBegin: Int) {
        let task = frame.pointee.tasks.slot(frame.pointee.taskCount * Self.wordsPerTask)
        task[0] = Value(small: begin)
        task[1] = Value(small: end)
        task[2] = Value(small: leftEnd)
        task[3] = Value(small: rightBegin)
        frame.pointee.taskCount += 1
    }

    /// Begins tasks until one needs a comparison.
    private func nextTask() -> Bool {
        frame.pointee.phase = .sorted
        while frame.pointee.phase == .sorted, frame.pointee.taskCount > 0 {
            frame.pointee.taskCount -= 1
            let task = frame.pointee.tasks.slot(frame.pointee.taskCount * Self.wordsPerTask)
            let (begin, end, leftEnd, rightBegin) = (task[0].small, task[1].small, task[2].small, task[3].small)
            guard
                rightBegin == Self.mergeMark
                    ? beginMerge(begin, leftEnd, end)
                    : beginRange(begin, end, leftEnd: leftEnd, rightBegin: rightBegin)
            else { return false }
        }
        return true
    }

    /// Begins to sort a range, or else the next task. False with `failure` set when the evaluation must stop.
    func begin(_ begin: Int, _ end: Int, leftEnd: Int, rightBegin: Int) -> Bool {
        frame.pointee.phase = .sorted
        guard beginRange(begin, end, leftEnd: leftEnd, rightBegin: rightBegin) else { return false }
        return frame.pointee.phase != .sorted || nextTask()
    }

    /// Begins to sort a range; the phase remains if the range is sorted already.
    ///
    /// - Parameters:
    ///   - leftEnd: where the run ends that the range begins with.
    ///   - rightBegin: where the run begins that the range ends with.
    private func beginRange(_ begin: Int, _ end: Int, leftEnd: Int, rightBegin: Int) -> Bool {
        var (begin, end, leftEnd, rightBegin) = (begin, end, leftEnd, rightBegin)
        while leftEnd != end, rightBegin != begin {
            frame.pointee.begin = begin
            frame.pointee.end = end
            frame.pointee.leftEnd = leftEnd
            frame.pointee.rightBegin = rightBegin
            if end - begin <= Self.insertionLimit {
                frame.pointee.phase = .insert
                frame.pointee.mark = begin + 1
                frame.pointee.right = begin + 1
                return true
            }
            if middle <= leftEnd {
                pushTask(begin, end, leftEnd: leftEnd, rightBegin: Self.mergeMark)
                begin = leftEnd
                leftEnd += 1
            } else if middle >= rightBegin {
                pushTask(begin, end, leftEnd: rightBegin, rightBegin: Self.mergeMark)
                end = rightBegin
                rightBegin -= 1
            } else {
                frame.pointee.phase = .peek
                frame.pointee.right = middle
                return true
            }
        }
        return true
    }

    /// The array of sorted elements, which becomes the list.
    func finish() -> Value {
        let items = frame.pointee.items.object
        items[0] = Object.header(Kind.list, field: items.field)
        return Value(Tag.list, items)
    }
}
