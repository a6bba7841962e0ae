/// Builtins on lists.
extension Builtin {
    static let lists: [Builtin] = [
        .function("length", [.checked("list")], since: "0.12", "The number of elements.") { interpreter in
            guard let list = interpreter.expectList(0) else { return .error }
            return interpreter.done(Value(small: list.count))
        },
        .function("head", [.checked("list", .quoted)], since: "0.10", "The first element.") { interpreter in
            guard let list = interpreter.expectList(0) else { return .error }
            guard list.count > 0 else { return interpreter.fail(.value, "'builtins.head' called on an empty list") }
            return interpreter.done(list[0])
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
    ]
}

extension Interpreter {
    /// The list in an argument; nil with `failure` set for another value.
    func expectList(_ index: Int) -> ListRef? {
        let value = argument(index)
        if value.isList { return value.list }
        _ = failExpected("a list", value)
        return nil
    }

    func expectSet(_ index: Int) -> AttributesRef? {
        let value = argument(index)
        if value.isAttributes { return value.attributes }
        _ = failExpected("a set", value)
        return nil
    }

    /// Whether an argument can be called; nil if it is not forced yet. False comes with `failure` set.
    func isCallable(_ index: Int) -> Bool? {
        if !isForced(argumentSlot(index)) { return nil }
        let value = argument(index)
        if value.isFunction || value.isAttributes && lookup(value.attributes, Symbols.functor) != nil { return true }
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

    func expectString(_ index: Int) -> StringRef? {
        let value = argument(index)
        if value.isString { return value.string }
        _ = failExpected("a string", value)
        return nil
    }

    fileprivate func tail() -> Step {
        guard let list = expectList(0) else { return .error }
        guard list.count > 0 else { return fail(.value, "'builtins.tail' called on an empty list") }
        guard reserve(Size.list(list.count - 1)) else { return .collect }
        guard charge(1 + list.count / 64) else { return .error }
        let result = makeList(list.count - 1)
        guard copy(list.slot(1), to: result.list.elements, count: list.count - 1) else { return .error }
        return done(result)
    }

    fileprivate func elemAt() -> Step {
        guard let index = expectInteger(1) else { return .error }
        if !isForced(argumentSlot(0)) { return .force }
        guard let list = expectList(0) else { return .error }
        guard index >= 0, index < list.count else {
            return fail(
                .value, "'builtins.elemAt' called with index \(index) on a list of size \(list.count)")
        }
        return done(list[Int(index)])
    }

    fileprivate func concatLists() -> Step {
        guard let lists = expectList(0) else { return .error }
        var total = 0
        if let step = forceElements(lists, .list, { $0.isList ? nil : failExpected("a list", $0) }) { return step }
        for index in 0..<lists.count { total += lists[index].list.count }
        guard reserve(Size.list(total)) else { return .collect }
        guard charge(1 + lists.count / 8 + total / 16) else { return .error }
        let result = makeList(total)
        var out = result.list.elements
        for index in 0..<lists.count {
            let list = lists[index].list
            guard poll(at: index), copy(list.elements, to: out, count: list.count) else { return .error }
            out += list.count
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
        if b.list.count == 0 { return replaceTwo(a) }
        if a.list.count == 0 { return replaceTwo(b) }
        let count = a.list.count + b.list.count
        guard reserve(Size.list(count)) else { return .collect }
        guard charge(1 + count / 16) else { return .error }
        state.pointee.counters.listConcats &+= 1
        let result = makeList(count)
        guard copy(a.list.elements, to: result.list.elements, count: a.list.count),
            copy(b.list.elements, to: result.list.slot(a.list.count), count: b.list.count)
        else { return .error }
        return replaceTwo(result)
    }

    fileprivate func map() -> Step {
        guard let list = expectList(1) else { return .error }
        let count = list.count
        if count == 0 { return done(argument(1)) }
        if let step = refuseUncallable(0) { return step }
        guard reserve(Size.list(count) + Size.each(count, Size.thunk(2))) else { return .collect }
        guard charge(1 + count / 8) else { return .error }
        let result = makeList(count)
        let function = argument(0)
        for index in 0..<count {
            guard poll(at: index) else { return .error }
            result.list[index] = makeApplication(function, list[index])
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
            result.list[index] = makeApplication(function, Value(small: index))
        }
        return done(result)
    }

    /// Pushes a call of a function with one argument.
    func callWith(_ function: Value, _ argument: Value) -> Step {
        push(function)
        push(argument)
        state.pointee.callCount = 1
        return .call
    }
}
