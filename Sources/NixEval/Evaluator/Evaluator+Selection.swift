import NixVM

/// Arguments and attribute paths of the command line, as in Nix.
extension Evaluator {
    /// Calls a function if every name in its pattern has a default or an argument; any other value is returned
    /// unchanged.
    ///
    /// A pattern with `...` gets all arguments, any other those that it names. Of arguments with the same name the last
    /// one counts.
    ///
    /// - Throws: an error if a required argument is missing.
    package func autoCall(_ value: ValueHandle, _ arguments: [(name: [UInt8], value: ValueHandle)]) throws(EvalFailure)
        -> ValueHandle
    {
        let forced = try force(value)
        if machine.isAttributes(forced), machine.isFunction(forced),
            let functor = machine.attribute(forced, Array("__functor".utf8))
        {
            return try autoCall(call(functor, [forced]), arguments)
        }
        guard let formals = machine.formals(forced) else { return forced }
        var given: [[UInt8]: ValueHandle] = [:]
        for argument in arguments { given[argument.name] = argument.value }
        if formals.hasEllipsis {
            return try call(forced, [machine.makeAttributes(given.map { ($0.key, $0.value) })])
        }
        for formal in formals.names where !formal.hasDefault && given[formal.name] == nil {
            let name = String(decoding: formal.name, as: UTF8.self)
            throw EvalFailure(
                kind: .missingArgument,
                message: Array(
                    "cannot evaluate a function that has an argument without a value ('\(name)')".utf8))
        }
        let named = formals.names.compactMap { formal in given[formal.name].map { (formal.name, $0) } }
        return try call(forced, [machine.makeAttributes(named)])
    }

    /// Selects an attribute path (`a.b."c.d".0`), and calls functions on the way like `-A`. As in Nix, a step that is a
    /// number selects an element of a list, even if it is in quotes.
    package func select(
        _ value: ValueHandle, path: String, _ arguments: [(name: [UInt8], value: ValueHandle)]
    ) throws(EvalFailure) -> ValueHandle {
        let steps = try Evaluator.steps(of: path)
        if steps.isEmpty { return try force(value) }
        return try select(fromCalled: autoCall(value, arguments), path: path, arguments)
    }

    /// The same from a value that has been called already.
    package func select(
        fromCalled value: ValueHandle, path: String, _ arguments: [(name: [UInt8], value: ValueHandle)]
    ) throws(EvalFailure) -> ValueHandle {
        var current = value
        for (number, step) in try Evaluator.steps(of: path).enumerated() {
            if number > 0 { current = try autoCall(current, arguments) }
            if let index = UInt32(step) {
                current = try element(Int(index), of: current, path)
            } else {
                current = try attribute(Array(step.utf8), of: current, path)
            }
        }
        return try force(current)
    }

    /// Selects an attribute path that is given as the names of attributes. Errors refer to it as `path`.
    func select(
        _ value: ValueHandle, steps: [[UInt8]], named path: String,
        _ arguments: [(name: [UInt8], value: ValueHandle)]
    ) throws(EvalFailure) -> ValueHandle {
        var current = value
        for name in steps { current = try attribute(name, of: autoCall(current, arguments), path) }
        return try force(current)
    }

    private func element(_ index: Int, of list: ValueHandle, _ path: String) throws(EvalFailure) -> ValueHandle {
        guard machine.isList(list) else { throw unexpected("list", list, path) }
        guard let element = machine.element(list, index) else {
            throw EvalFailure(
                kind: .value, message: Array("list index \(index) in selection path '\(path)' is out of range".utf8))
        }
        return element
    }

    private func attribute(_ name: [UInt8], of set: ValueHandle, _ path: String) throws(EvalFailure) -> ValueHandle {
        guard machine.isAttributes(set) else { throw unexpected("set", set, path) }
        if name.isEmpty {
            throw EvalFailure(kind: .value, message: Array("empty attribute name in selection path '\(path)'".utf8))
        }
        if let attribute = machine.attribute(set, name) { return attribute }
        let step = String(decoding: name, as: UTF8.self)
        throw EvalFailure(
            kind: .missingAttribute, message: Array("attribute '\(step)' in selection path '\(path)' not found".utf8),
            suggestions: machine.suggestions(for: name, in: set))
    }

    private func unexpected(_ expected: String, _ value: ValueHandle, _ path: String) -> EvalFailure {
        let message =
            "the expression selected by the selection path '\(path)' should be a \(expected) but is "
            + machine.typeName(value)
        return EvalFailure(kind: .type, message: Array(message.utf8))
    }

    /// The path of a name in the search path, as `<name>` finds it.
    package func find(_ name: [UInt8]) throws(EvalFailure) -> ValueHandle {
        let search = try load(
            source: Array("__findFile __nixPath".utf8), name: "«string»", directory: [UInt8(ascii: "/")])
        return try call(search, [machine.makeString(name)])
    }

    /// The names and numbers of an attribute path.
    package static func steps(of path: String) throws(EvalFailure) -> [String] {
        var steps: [String] = []
        var current = ""
        var isQuoted = false
        for character in path {
            if character == "\"" {
                isQuoted.toggle()
            } else if character == ".", !isQuoted {
                steps.append(current)
                current = ""
            } else {
                current.append(character)
            }
        }
        if isQuoted {
            throw EvalFailure(kind: .value, message: Array("missing closing quote in selection path '\(path)'".utf8))
        }
        if !current.isEmpty { steps.append(current) }
        return steps
    }
}
