/// Builtins on lists.
extension Machine {
    static let listBuiltins: [BuiltinDefinition] = [
        .function("length", 1) { interpreter in
            guard let list = interpreter.expectList(0) else { return .error }
            return interpreter.done(Value(small: list.field))
        },
        .function("head", 1) { interpreter in
            guard let list = interpreter.expectList(0) else { return .error }
            guard list.field > 0 else { return interpreter.fail(.value, "'builtins.head' called on an empty list") }
            return interpreter.done(list.values[0])
        },
        .function("tail", 1) { $0.tail() },
        .function("elemAt", 2, strict: [1]) { $0.elemAt() },
        .function("concatLists", 1) { $0.concatLists() },
        .function("map", 2, strict: [1], global: true) { $0.map() },
        .function("genList", 2, strict: [1]) { $0.genList() },
        .frame("filter", 2, strict: [1], slots: 2) { $0.filterStep() },
        .frame("foldl'", 3, strict: [0], slots: 1) { $0.foldStep() },
        .frame("any", 2, slots: 1, early: { $0.isCallable(0) != false }) {
            $0.quantifierStep(stopsAt: true, name: "builtins.any")
        },
        .frame("all", 2, slots: 1, early: { $0.isCallable(0) != false }) {
            $0.quantifierStep(stopsAt: false, name: "builtins.all")
        },
        .frame("elem", 2, strict: [1], slots: 1) { $0.elemStep() },
        .frame("concatMap", 2, slots: 2, early: { $0.isCallable(0) != false }) { $0.concatMapStep() },
        .frame("sort", 2, strict: [1], slots: 8) { $0.sortStep() },
        .frame("partition", 2, slots: 4, early: { $0.isCallable(0) != false }) { $0.partitionStep() },
        .frame("groupBy", 2, slots: 2, early: { $0.isCallable(0) != false }) { $0.groupByStep() },
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
            return failWithoutPosition(
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
            state.pointee.neededSlots = 4
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
    fileprivate func quantifierStep(stopsAt: Bool, name: String) -> Step {
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
        push(.builtin(Builtin.equalNested))
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
