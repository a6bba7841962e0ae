/// The frame of `<` on lists. Above it are the lists that enclose left and right, as `LessThanItem`s.
struct LessThanFrame: BuiltinFrame {
    var left: Value
    var right: Value
    /// Whether the result is inverted, which makes `<` of swapped operands `<=`.
    @Held var isNegated: Bool
    /// The index of the elements that are compared next; null before left and right are forced.
    @Held var index: Int
    /// Whether the answer about the elements at the index, whether they are equal, is at the top when a step begins.
    @Held var isAnswered: Bool
}

/// Two lists whose elements at an index are being compared.
struct LessThanItem: BuiltinFrame {
    var left: Value
    var right: Value
    /// The index, or `decided`.
    @Held var index: Int

    /// The index of two lists whose first elements that differ have been moved to the frame.
    static var decided: Int { -1 }
}

/// `<` on lists, which compares the first elements that differ.
extension Interpreter {
    private var frame: LessThanFrame {
        @inline(__always) _read { yield topFrame(as: LessThanFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: LessThanFrame.self).pointee }
    }

    func lessThanDeepStep() -> Step {
        if frame.isAnswered {
            guard reserveSlots(4) else { return .collect }
            frame.isAnswered = false
            if pop().isTrue { frame.index += 1 } else { enterDifferent() }
        }
        while true {
            if frame.$index.isNull {
                if !isForced(bp) || !isForced(bp + 1) { return .force }
                guard frame.left.isList, frame.right.isList else { return compareForced() }
                frame.index = 0
            }
            let index = frame.index
            let leftEnds = index >= frame.left.object.field
            let rightEnds = index >= frame.right.object.field
            if leftEnds, rightEnds, sp > above(LessThanFrame.self) {
                leaveLists()
                continue
            }
            if leftEnds || rightEnds { return done(.bool(!rightEnds != frame.isNegated)) }
            guard reserveSlots(8) else { return .collect }
            let left = frame.left.object.values + index
            let right = frame.right.object.values + index
            if !isForced(left) || !isForced(right) { return .force }
            guard charge(1) else { return .error }
            if left.pointee.isList, right.pointee.isList, left.pointee != right.pointee {
                pushLists(index)
                frame.left = left.pointee
                frame.right = right.pointee
                frame.index = 0
                continue
            }
            frame.isAnswered = true
            push(.builtin(.equalNested))
            push(left.pointee)
            push(right.pointee)
            state.pointee.callCount = 2
            return .call
        }
    }

    /// Goes on with the elements at the index, which differ and so decide.
    private func enterDifferent() {
        let index = frame.index
        pushLists(LessThanItem.decided)
        frame.left = frame.left.object.values[index]
        frame.right = frame.right.object.values[index]
        frame.$index = .null
    }

    private func pushLists(_ index: Int) {
        push(frame.left)
        push(frame.right)
        push(Value(small: index))
    }

    /// Goes on behind two lists that are equal, in the lists that enclose them.
    private func leaveLists() {
        sp -= LessThanItem.count
        let item = sp.words(as: LessThanItem.self).pointee
        frame.left = item.left
        frame.right = item.right
        frame.index = item.index + 1
    }

    /// Answers for values that are not both lists.
    private func compareForced() -> Step {
        if let less = isLess(frame.left, frame.right) { return done(.bool(less != frame.isNegated)) }
        if machine.failure?.kind.endsEvaluation == false { noteElements() }
        return .error
    }

    /// Notes, once for each list around them, that elements of lists could not be compared.
    private func noteElements() {
        let count = (sp - above(LessThanFrame.self)) / LessThanItem.count
        for _ in 0..<min(count, BacktraceNotes.bound) {
            machine.notes.append(.text("while comparing two list elements"))
        }
    }
}
