/// Builtins on lists.
extension Builtin {
    static let lists: [Builtin] = [
        .function("length", [.checked("list")], since: "0.12", "The number of elements.") { interpreter in
            guard let list = interpreter.expectList(0) else { return .error }
            return interpreter.done(Value(small: list.field))
        },
        .function("head", [.checked("list", .quoted)], since: "0.10", "The first element.") { interpreter in
            guard let list = interpreter.expectList(0) else { return .error }
            guard list.field > 0 else { return interpreter.fail(.value, "'builtins.head' called on an empty list") }
            return interpreter.done(list.values[0])
        },
        .function("tail", [.checked("list", .quoted)], since: "0.10", "The list without its first element.") {
            $0.tail()
        },
        .function(
            "elemAt", [.checked("list", .quoted, isLazy: true), .evaluated("index", .quoted)], since: "1.2",
            "The element at an index, which counts from 0."
        ) { $0.elemAt() },
        .function(
            "concatLists", [.checked("lists")], since: "1.2", "One list of the elements of all lists.",
            inner: .ofType("while evaluating a value of the list passed to builtins.concatLists")
        ) { $0.concatLists() },
        .function(
            "map", [.evaluated("f", isLazy: true), .checked("list")], since: "0.6",
            "A list of what `f` gives for each element. The calls are made when their results are needed.",
            isGlobal: true
        ) { $0.map() },
        .function(
            "genList", [.evaluated("f", isLazy: true), .evaluated("length")], since: "1.10",
            "A list of what `f` gives for each index from 0."
        ) { $0.genList() },
        .frame(
            "filter", [.evaluated("f", isLazy: true), .checked("list")], slots: 2, since: "1.2",
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
            ], slots: 1, since: "1.10",
            "`op (op (op nul x0) x1) x2` and so on for all elements. Each result is forced before the next call."
        ) { $0.foldStep() },
        .frame(
            "any", [.evaluated("f"), .checked("list")], slots: 1, since: "1.10",
            "Whether `f` gives `true` for an element. The elements after that one are not looked at.",
            inner: .ofType("while evaluating the return value of the function passed to builtins.any"),
            early: { $0.isCallable(0) != false }
        ) { $0.quantifierStep(stopsAt: true) },
        .frame(
            "all", [.evaluated("f"), .checked("list")], slots: 1, since: "1.10",
            "Whether `f` gives `true` for each element. The elements after one for which it does not are not looked at.",
            inner: .ofType("while evaluating the return value of the function passed to builtins.all"),
            early: { $0.isCallable(0) != false }
        ) { $0.quantifierStep(stopsAt: false) },
        .frame(
            "elem", [.unnamed("x"), .checked("list")], slots: 1, since: "1.2", "Whether an element equals `x`."
        ) { $0.elemStep() },
        .frame(
            "concatMap", [.evaluated("f"), .checked("list")], slots: 2, since: "2.1",
            "One list of the elements of the lists that `f` gives.", early: { $0.isCallable(0) != false }
        ) { $0.concatMapStep() },
        .frame(
            "sort", [.evaluated("comparator", isLazy: true), .checked("list")], slots: 8, since: "1.10",
            "The elements in the order of `comparator`, which says whether its first argument goes before its second. "
                + "Elements that are equal keep their order.",
            inner: .ofType("while evaluating the return value of the sorting function passed to builtins.sort"),
            backtrace: BacktraceHook { interpreter, _ in interpreter.noteOrdering() }
        ) { $0.sortStep() },
        .frame(
            "partition", [.evaluated("pred"), .checked("list")], slots: 4, since: "2.0",
            "`{ right, wrong }`: the elements for which `pred` gives `true`, and the others.",
            inner: .ofType("while evaluating the return value of the partition function passed to builtins.partition"),
            early: { $0.isCallable(0) != false }
        ) { $0.partitionStep() },
        .frame(
            "groupBy", [.evaluated("f"), .checked("list")], slots: 2, since: "2.5",
            "A set of lists: each element is in the list whose name `f` gives for it.",
            inner: .ofType("while evaluating the return value of the grouping function passed to builtins.groupBy"),
            early: { $0.isCallable(0) != false }
        ) { $0.groupByStep() },
    ]
}

extension Interpreter {
    /// The list in an argument; nil with `failure` set for another value.
    func expectList(_ index: Int) -> Object? {
        let value = argument(index)
        if value.isList { return value.object }
        _ = failExpected("a list", value)
        return nil
    }

    func expectSet(_ index: Int) -> Object? {
        let value = argument(index)
        if value.isAttributes { return value.object }
        _ = failExpected("a set", value)
        return nil
    }

    /// Whether an argument, once forced, can be called. Nil: it is to be forced first. False with `failure` set.
    func isCallable(_ index: Int) -> Bool? {
        if !isForced(argumentSlot(index)) { return nil }
        let value = argument(index)
        if value.isFunction || value.isAttributes && lookup(value.object, Symbols.functor) != nil { return true }
        _ = failExpected("a function", value)
        return false
    }

    /// What a step answers when an argument is no function, or not yet forced; nil when it can be called.
    func refuseUncallable(_ index: Int) -> Step? {
        switch isCallable(index) {
        case .none: .force
        case .some(let isCallable): isCallable ? nil : .error
        }
    }

    func expectInteger(_ index: Int) -> Int64? {
        let value = argument(index)
        if value.isInteger { return value.integer }
        _ = failExpected("an integer", value)
        return nil
    }

    func expectString(_ index: Int) -> Object? {
        let value = argument(index)
        if value.isString { return value.object }
        _ = failExpected("a string", value)
        return nil
    }

    fileprivate func tail() -> Step {
        guard let list = expectList(0) else { return .error }
        guard list.field > 0 else { return fail(.value, "'builtins.tail' called on an empty list") }
        guard reserve(Size.list(list.field - 1)) else { return .collect }
        guard charge(1 + list.field / 64) else { return .error }
        let result = makeList(list.field - 1)
        guard copy(list.values + 1, to: result.object.values, count: list.field - 1) else { return .error }
        return done(result)
    }

    fileprivate func elemAt() -> Step {
        guard let index = expectInteger(1) else { return .error }
        if !isForced(argumentSlot(0)) { return .force }
        guard let list = expectList(0) else { return .error }
        guard index >= 0, index < list.field else {
            return fail(
                .value, "'builtins.elemAt' called with index \(index) on a list of size \(list.field)")
        }
        return done(list.values[Int(index)])
    }

    fileprivate func concatLists() -> Step {
        guard let lists = expectList(0) else { return .error }
        var total = 0
        if let step = forceElements(lists, .list, { $0.isList ? nil : failExpected("a list", $0) }) { return step }
        for index in 0..<lists.field { total += lists.values[index].object.field }
        guard reserve(Size.list(total)) else { return .collect }
        guard charge(1 + lists.field / 8 + total / 16) else { return .error }
        let result = makeList(total)
        var out = result.object.values
        for index in 0..<lists.field {
            let list = argument(0).object.values[index].object
            guard poll(at: index), copy(list.values, to: out, count: list.field) else { return .error }
            out += list.field
        }
        return done(result)
    }

    /// `a ++ b` on the two lists at the top.
    @inline(never)
    func concatenate() -> Step {
        if !isForced(sp - 2) || !isForced(sp - 1) { return .force }
        let a = (sp - 2).pointee
        let b = (sp - 1).pointee
        guard a.isList, b.isList else {
            return failUnplaced(
                .type, "expected a list but found \(describe(a.isList ? b : a))",
                context: "while evaluating one of the elements to concatenate")
        }
        if b.object.field == 0 { return replaceTwo(a) }
        if a.object.field == 0 { return replaceTwo(b) }
        let count = a.object.field + b.object.field
        guard reserve(Size.list(count)) else { return .collect }
        guard charge(1 + count / 16) else { return .error }
        state.pointee.counters.listConcats &+= 1
        let result = makeList(count)
        guard copy(a.object.values, to: result.object.values, count: a.object.field),
            copy(b.object.values, to: result.object.values + a.object.field, count: b.object.field)
        else { return .error }
        return replaceTwo(result)
    }

    fileprivate func map() -> Step {
        guard let list = expectList(1) else { return .error }
        let count = list.field
        if count == 0 { return done(argument(1)) }
        if let step = refuseUncallable(0) { return step }
        guard reserve(Size.list(count) + Size.each(count, Size.thunk(2))) else { return .collect }
        guard charge(1 + count / 8) else { return .error }
        let result = makeList(count)
        let function = argument(0)
        for index in 0..<count {
            guard poll(at: index) else { return .error }
            result.object.values[index] = makeApplication(function, list.values[index])
        }
        return done(result)
    }

    fileprivate func genList() -> Step {
        guard let count = expectInteger(1) else { return .error }
        guard count >= 0, count <= 1 << 31 else { return fail(.value, "cannot create list of size \(count)") }
        if let step = refuseUncallable(0) { return step }
        guard reserve(Size.list(Int(count)) + Size.each(Int(count), Size.thunk(2))) else { return .collect }
        guard charge(1 + Int(count) / 8) else { return .error }
        let result = makeList(Int(count))
        let function = argument(0)
        for index in 0..<Int(count) {
            guard poll(at: index) else { return .error }
            result.object.values[index] = makeApplication(function, Value(small: index))
        }
        return done(result)
    }

    /// Slots: function, list, index, kept. Elements kept lie above the slots until the end.
    fileprivate func filterStep() -> Step {
        guard let list = expectList(1) else { return .error }
        if bp[2].isNull {
            if list.field == 0 { return done(bp[1]) }
            if let step = refuseUncallable(0) { return step }
            bp[2] = Value(small: 0)
            bp[3] = Value(small: 0)
        } else {
            // The verdict on the element at the index is at the top.
            let verdict = (sp - 1).pointee
            guard verdict.isBool else { return failExpected("a Boolean", verdict) }
            let index = bp[2].small
            sp -= 1
            if verdict.isTrue {
                push(list.values[index])
                bp[3] = Value(small: bp[3].small + 1)
            }
            bp[2] = Value(small: index + 1)
        }
        if bp[2].small < list.field {
            state.pointee.needSlots = 4
            guard charge(1) else { return .error }
            return callWith(bp[0], list.values[bp[2].small])
        }
        let kept = bp[3].small
        guard reserve(Size.list(kept)) else {
            // Run anew as if the last verdict had just been taken: the marker says so.
            bp[2] = Value(small: list.field - 1)
            push(.false)
            return .collect
        }
        if kept == list.field { return done(bp[1]) }
        let result = makeList(kept)
        guard copy(sp - kept, to: result.object.values, count: kept) else { return .error }
        return done(result)
    }

    /// Pushes a call of a function with one argument.
    func callWith(_ function: Value, _ argument: Value) -> Step {
        push(function)
        push(argument)
        state.pointee.callCount = 1
        return .call
    }

    /// Slots: function, accumulator, list, index.
    fileprivate func foldStep() -> Step {
        if bp[3].isNull {
            if let step = refuseUncallable(0) { return step }
            if !isForced(bp + 2) { return .force }
        }
        guard let list = expectList(2) else { return .error }
        if bp[3].isNull {
            if list.field == 0 {
                if !isForced(bp + 1) { return .force }
                return done(bp[1])
            }
            bp[3] = Value(small: 0)
        } else {
            bp[1] = pop()
        }
        let index = bp[3].small
        if index == list.field { return done(bp[1]) }
        bp[3] = Value(small: index + 1)
        push(bp[0])
        push(bp[1])
        push(list.values[index])
        state.pointee.callCount = 2
        return .call
    }

    /// `any` and `all`. Slots: function, list, index.
    fileprivate func quantifierStep(stopsAt: Bool) -> Step {
        if bp[2].isNull, let step = refuseUncallable(0) { return step }
        guard let list = expectList(1) else { return .error }
        if bp[2].isNull {
            bp[2] = Value(small: 0)
        } else {
            let verdict = pop()
            guard verdict.isBool else { return failExpected("a Boolean", verdict) }
            if verdict.isTrue == stopsAt { return done(.bool(stopsAt)) }
            bp[2] = Value(small: bp[2].small + 1)
        }
        if bp[2].small == list.field { return done(.bool(!stopsAt)) }
        return callWith(bp[0], list.values[bp[2].small])
    }

    /// Slots: value, list, index.
    fileprivate func elemStep() -> Step {
        guard let list = expectList(1) else { return .error }
        if bp[2].isNull {
            bp[2] = Value(small: 0)
        } else {
            if pop().isTrue { return done(.true) }
            bp[2] = Value(small: bp[2].small + 1)
        }
        if bp[2].small == list.field { return done(.false) }
        push(.builtin(.equalNested))
        push(bp[0])
        push(list.values[bp[2].small])
        state.pointee.callCount = 2
        return .call
    }

    /// Slots: function, list, index, total. The lists found lie above the slots until the end.
    fileprivate func concatMapStep() -> Step {
        if bp[2].isNull, let step = refuseUncallable(0) { return step }
        guard let list = expectList(1) else { return .error }
        if bp[2].isNull {
            bp[2] = Value(small: 0)
            bp[3] = Value(small: 0)
        } else if bp[2].small < list.field {
            let part = (sp - 1).pointee
            guard part.isList else {
                let step = fail(.type, "expected a list but found \(describe(part))")
                machine.notes.append(
                    .textAtFunction(
                        "while evaluating the return value of the function passed to builtins.concatMap",
                        chunk: functionChunk(bp[0])))
                return step
            }
            bp[3] = Value(small: bp[3].small + part.object.field)
            bp[2] = Value(small: bp[2].small + 1)
        }
        if bp[2].small < list.field {
            guard reserveSlots(4) else { return growAndCall(list.values[bp[2].small]) }
            return callWith(bp[0], list.values[bp[2].small])
        }
        let total = bp[3].small
        guard reserve(Size.list(total)) else { return .collect }
        guard charge(1 + total / 16) else { return .error }
        let result = makeList(total)
        var out = result.object.values
        for index in 0..<list.field {
            let part = bp[4 + index].object
            out.update(from: part.values, count: part.field)
            out += part.field
        }
        return done(result)
    }

    /// As `callWith`, where the stack is at its soft limit: entering the call makes the room.
    private func growAndCall(_ argument: Value) -> Step { callWith(bp[0], argument) }
}
