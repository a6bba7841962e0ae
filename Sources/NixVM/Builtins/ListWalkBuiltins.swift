/// Builtins that go through a list and call, or compare, with each element.
extension Builtin {
    static let listWalks: [Builtin] = [
        .frame(
            "filter", [.evaluated("f", isLazy: true), .checked("list")], frame: FilterFrame.self, since: "1.2",
            "The elements for which `f` gives `true`.",
            inner: .ofType(
                "while evaluating the return value of the filtering function passed to builtins.filter")
        ) { $0.filterStep() },
        .frame(
            "foldl'",
            [
                .evaluated(
                    "op", .custom("while evaluating the first argument passed to builtins.foldlStrict")),
                .unnamed("nul"),
                .checked(
                    "list", .custom("while evaluating the third argument passed to builtins.foldlStrict"),
                    isLazy: true),
            ], frame: FoldFrame.self, since: "1.10",
            "`op (op (op nul x0) x1) x2` and so on for all elements. Each result is forced before the next call."
        ) { $0.foldStep() },
        .frame(
            "any", [.evaluated("f"), .checked("list")], frame: SearchFrame.self, since: "1.10",
            "Whether `f` gives `true` for an element. The elements after that one are not looked at.",
            inner: .ofType("while evaluating the return value of the function passed to builtins.any"),
            early: { $0.isCallable(0) != false }
        ) { $0.quantifierStep(stopsAt: true) },
        .frame(
            "all", [.evaluated("f"), .checked("list")], frame: SearchFrame.self, since: "1.10",
            "Whether `f` gives `true` for each element. The elements after one for which it does not are not looked at.",
            inner: .ofType("while evaluating the return value of the function passed to builtins.all"),
            early: { $0.isCallable(0) != false }
        ) { $0.quantifierStep(stopsAt: false) },
        .frame(
            "elem", [.unnamed("x"), .checked("list")], frame: SearchFrame.self, since: "1.2",
            "Whether an element equals `x`."
        ) { $0.elemStep() },
        .frame(
            "concatMap", [.evaluated("f"), .checked("list")], frame: ConcatMapFrame.self, since: "2.1",
            "One list of the elements of the lists that `f` gives.", early: { $0.isCallable(0) != false }
        ) { $0.concatMapStep() },
    ]
}

/// `filter`. The elements that are kept lie above the frame until the end.
private struct FilterFrame: BuiltinFrame {
    let function: Value
    let list: Value
    /// The element that the function is called with next; null until the first step.
    @Held var index: Int
    @Held var keptCount: Int
}

/// `foldl'`.
private struct FoldFrame: BuiltinFrame {
    let function: Value
    var accumulator: Value
    let list: Value
    /// The element that the function is called with next; null until the first step.
    @Held var index: Int
}

/// `any`, `all` and `elem`.
private struct SearchFrame: BuiltinFrame {
    /// The function that is called with each element, or the value that each is compared with.
    let subject: Value
    let list: Value
    /// The element that is looked at; null until the first step.
    @Held var index: Int
}

/// `concatMap`. The lists that the function gave lie above the frame until the end.
private struct ConcatMapFrame: BuiltinFrame {
    let function: Value
    let list: Value
    /// The element that the function is called with next; null until the first step.
    @Held var index: Int
    /// Elements of the lists found.
    @Held var total: Int
}

extension Interpreter {
    private var filter: FilterFrame {
        @inline(__always) _read { yield topFrame(as: FilterFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: FilterFrame.self).pointee }
    }

    /// When a step begins after the first, the verdict on the element at the index is at the top.
    fileprivate func filterStep() -> Step {
        guard let list = expectList(1) else { return .error }
        if filter.$index.isNull {
            if list.count == 0 { return done(list.value) }
            if let step = refuseUncallable(0) { return step }
            filter.index = 0
            filter.keptCount = 0
        } else {
            let verdict = (sp - 1).pointee
            guard verdict.isBool else { return failExpected("a Boolean", verdict) }
            let index = filter.index
            sp -= 1
            if verdict.isTrue {
                push(list[index])
                filter.keptCount += 1
            }
            filter.index = index + 1
        }
        if filter.index < list.count {
            state.pointee.needSlots = 4
            guard charge(1) else { return .error }
            return callWith(filter.function, list[filter.index])
        }
        let kept = filter.keptCount
        guard reserve(Size.list(kept)) else {
            // The step runs anew as if the last element had been refused, which changes nothing.
            filter.index = list.count - 1
            push(.false)
            return .collect
        }
        if kept == list.count { return done(list.value) }
        let result = makeList(kept)
        guard copy(sp - kept, to: result.list.elements, count: kept) else { return .error }
        return done(result)
    }

    private var fold: FoldFrame {
        @inline(__always) _read { yield topFrame(as: FoldFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: FoldFrame.self).pointee }
    }

    /// When a step begins after the first, the next accumulator is at the top.
    fileprivate func foldStep() -> Step {
        if fold.$index.isNull {
            if let step = refuseUncallable(0) { return step }
            if !isForced(argumentSlot(2)) { return .force }
        }
        guard let list = expectList(2) else { return .error }
        if fold.$index.isNull {
            if list.count == 0 {
                if !isForced(argumentSlot(1)) { return .force }
                return done(fold.accumulator)
            }
            fold.index = 0
        } else {
            fold.accumulator = pop()
        }
        let index = fold.index
        if index == list.count { return done(fold.accumulator) }
        fold.index = index + 1
        push(fold.function)
        push(fold.accumulator)
        push(list[index])
        state.pointee.callCount = 2
        return .call
    }

    private var search: SearchFrame {
        @inline(__always) _read { yield topFrame(as: SearchFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: SearchFrame.self).pointee }
    }

    /// `any` and `all`. When a step begins after the first, the verdict on the element at the index is at the top.
    fileprivate func quantifierStep(stopsAt: Bool) -> Step {
        if search.$index.isNull, let step = refuseUncallable(0) { return step }
        guard let list = expectList(1) else { return .error }
        if search.$index.isNull {
            search.index = 0
        } else {
            let verdict = pop()
            guard verdict.isBool else { return failExpected("a Boolean", verdict) }
            if verdict.isTrue == stopsAt { return done(.bool(stopsAt)) }
            search.index += 1
        }
        if search.index == list.count { return done(.bool(!stopsAt)) }
        return callWith(search.subject, list[search.index])
    }

    /// When a step begins after the first, whether the element at the index equals the value is at the top.
    fileprivate func elemStep() -> Step {
        guard let list = expectList(1) else { return .error }
        if search.$index.isNull {
            search.index = 0
        } else {
            if pop().isTrue { return done(.true) }
            search.index += 1
        }
        if search.index == list.count { return done(.false) }
        push(.builtin(.equalNested))
        push(search.subject)
        push(list[search.index])
        state.pointee.callCount = 2
        return .call
    }

    private var concatMap: ConcatMapFrame {
        @inline(__always) _read { yield topFrame(as: ConcatMapFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: ConcatMapFrame.self).pointee }
    }

    /// When a step begins after the first, what the function gave for the element at the index is at the top.
    fileprivate func concatMapStep() -> Step {
        if concatMap.$index.isNull, let step = refuseUncallable(0) { return step }
        guard let list = expectList(1) else { return .error }
        if concatMap.$index.isNull {
            concatMap.index = 0
            concatMap.total = 0
        } else if concatMap.index < list.count {
            let part = (sp - 1).pointee
            guard part.isList else { return failPart(part) }
            concatMap.total += part.list.count
            concatMap.index += 1
        }
        if concatMap.index < list.count {
            // Where this finds no room, entering the call makes it.
            _ = reserveSlots(4)
            return callWith(concatMap.function, list[concatMap.index])
        }
        return joinMapped(count: list.count)
    }

    private func failPart(_ part: Value) -> Step {
        let step = fail(.type, "expected a list but found \(describe(part))")
        machine.notes.append(
            .textAtFunction(
                "while evaluating the return value of the function passed to builtins.concatMap",
                chunk: functionChunk(concatMap.function)))
        return step
    }

    /// The elements of the lists above the frame, in one list.
    private func joinMapped(count: Int) -> Step {
        let total = concatMap.total
        guard reserve(Size.list(total)) else { return .collect }
        guard charge(1 + total / 16) else { return .error }
        let result = makeList(total)
        var out = result.list.elements
        let parts = above(ConcatMapFrame.self)
        for index in 0..<count {
            let part = parts[index].list
            out.update(from: part.elements, count: part.count)
            out += part.count
        }
        return done(result)
    }
}
