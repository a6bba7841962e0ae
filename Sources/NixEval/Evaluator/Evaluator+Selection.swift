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

    /// Selects an attribute path (`a.b."c.d".0`), and calls functions on the way like `-A`.
    package func select(
        _ value: ValueHandle, path: String, _ arguments: [(name: [UInt8], value: ValueHandle)]
    ) throws(EvalFailure) -> ValueHandle {
        try select(value, steps: Evaluator.steps(of: path).map { Array($0.utf8) }, named: path, arguments)
    }

    /// Selects an attribute path that is given as names. Errors refer to it as `path`.
    func select(
        _ value: ValueHandle, steps: [[UInt8]], named path: String,
        _ arguments: [(name: [UInt8], value: ValueHandle)]
    ) throws(EvalFailure) -> ValueHandle {
        var current = value
        for name in steps {
            let step = String(decoding: name, as: UTF8.self)
            current = try autoCall(current, arguments)
            if let index = Int(step), !machine.isAttributes(current) {
                guard let element = machine.element(current, index) else {
                    throw EvalFailure(
                        kind: .value,
                        message: Array("list index \(index) in selection path '\(path)' is out of range".utf8))
                }
                current = element
                continue
            }
            guard machine.isAttributes(current) else {
                throw EvalFailure(
                    kind: .type,
                    message: Array(
                        "the expression selected by the selection path '\(path)' should be a set but is \(machine.typeName(current))"
                            .utf8))
            }
            guard let attribute = machine.attribute(current, name) else {
                throw EvalFailure(
                    kind: .missingAttribute,
                    message: Array("attribute '\(step)' in selection path '\(path)' not found".utf8))
            }
            current = attribute
        }
        return try force(current)
    }

    private static func steps(of path: String) throws(EvalFailure) -> [String] {
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
