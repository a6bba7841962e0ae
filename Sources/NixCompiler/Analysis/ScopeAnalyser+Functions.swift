import NixSyntax

// Functions and their captures.
//
// Every function between a variable and its use captures the variable, from the frame of the function that makes it.
// The open functions that capture a binding are therefore a prefix of the path from its home inwards, and it is enough
// to know the innermost of them.

extension ScopeAnalyser {
    var currentFunction: FunctionID { openFunctions[openFunctions.count - 1].id }

    /// Opens a function inside the current one.
    @discardableResult
    mutating func open(_ body: FunctionRecord.Body, arity: Int, name: SymbolID?) -> FunctionID {
        let id = FunctionID(analysis.functions.count)
        analysis.functions.append(FunctionRecord(body, arity: arity, name: name))
        openFunctions.append(OpenFunction(id: id))
        return id
    }

    /// Closes the innermost function, whose captures are final now.
    mutating func close() {
        let function = openFunctions.removeLast()
        let start = analysis.captures.count
        var entry = function.firstCapture
        while entry >= 0 {
            let capture = captureEntries[Int(entry)]
            bindings[capture.binding.index].deepestCapture = capture.outer
            analysis.captures.append(capture.binding)
            entry = capture.next
        }
        analysis.functions[function.id.index].captures = Run(
            start: UInt32(truncatingIfNeeded: start),
            count: UInt32(truncatingIfNeeded: analysis.captures.count - start))
    }

    /// The most captures of all functions of one source. Deeply nested functions that all use the same variables need
    /// memory quadratic in the source's size; ordinary code needs a few captures for each variable.
    private static let mostCaptures = 4_000_000

    /// Makes a binding readable in the current function, by capturing it in every function in between.
    mutating func capture(_ binding: BindingID, at span: Span) throws(CompileError) {
        let home = bindings[binding.index]
        let current = openFunctions.count - 1
        guard home.function != openFunctions[current].id else { return }
        guard captureEntries.count < Self.mostCaptures else {
            throw CompileError(
                kind: .tooLarge,
                message: "the source is too large: more than \(Self.mostCaptures) uses of outer variables; split it up",
                span: span)
        }
        var depth =
            home.deepestCapture < 0
            ? Int(home.depth)
            : Int(captureEntries[Int(home.deepestCapture)].depth)
        while depth < current {
            depth += 1
            try charge()
            append(binding, toFunctionAt: depth)
        }
    }

    private mutating func append(_ binding: BindingID, toFunctionAt depth: Int) {
        let index = Int32(truncatingIfNeeded: captureEntries.count)
        captureEntries.append(
            CaptureEntry(
                binding: binding, depth: Int32(truncatingIfNeeded: depth),
                outer: bindings[binding.index].deepestCapture, next: -1))
        bindings[binding.index].deepestCapture = index
        let last = openFunctions[depth].lastCapture
        if last < 0 {
            openFunctions[depth].firstCapture = index
        } else {
            captureEntries[Int(last)].next = index
        }
        openFunctions[depth].lastCapture = index
    }

    /// Analyses a chain of lambdas, `a: b: e`, as one function. Only its last parameter may be a pattern, because a
    /// pattern is matched before the next lambda exists.
    mutating func analyseLambda(_ node: NodeID, name: SymbolID?) throws(CompileError) {
        let mark = shadowed.count
        let id = open(.lambda(node), arity: 0, name: name)
        analysis.functionOfNode[Int(node.rawValue)] = Int32(truncatingIfNeeded: id.rawValue)
        var arity = 0
        var next = node
        while arity < Compiler.maximumArity, case .lambda(let lambdaID) = tree[next] {
            let lambda = tree.lambdas[Int(lambdaID.rawValue)]
            arity += 1
            try declareParameters(lambdaID, lambda)
            next = lambda.body
            guard !lambda.hasFormals else {
                try analyseDefaults(lambda, first: Int(analysis.firstParameters[Int(lambdaID.rawValue)]))
                break
            }
        }
        analysis.functions[id.index].arity = arity
        if case .lambda = tree[next] {
            try descend(next)
            try analyseLambda(next, name: name)
            depth -= 1
        } else {
            try analyse(next)
        }
        close()
        restoreScope(mark)
    }

    private mutating func declareParameters(_ id: LambdaID, _ lambda: Lambda) throws(CompileError) {
        analysis.firstParameters[Int(id.rawValue)] = Int32(truncatingIfNeeded: bindings.count)
        if let parameter = lambda.parameter {
            try declare(parameter, span: lambda.parameterSpan, isInitialised: true)
        }
        for index in lambda.formals.range {
            try declare(tree.formals[index].name, span: tree.formals[index].span, isInitialised: true)
        }
    }

    /// Analyses default values, which see every formal, the `@` name and the scope around the function.
    ///
    /// - Parameters:
    ///   - lambda: the lambda.
    ///   - first: index of the lambda's first binding.
    private mutating func analyseDefaults(_ lambda: Lambda, first: Int) throws(CompileError) {
        for index in lambda.formals.range {
            try charge()
            guard let value = tree.formals[index].defaultValue, !isConstant(value) else { continue }
            let id = open(.thunk(value), arity: 0, name: tree.formals[index].name)
            analysis.functionOfFormal[index] = Int32(truncatingIfNeeded: id.rawValue)
            try analyse(value)
            // A formal of the same lambda has no value yet, so a default that refers to one stays an ordinary thunk, as
            // in Nix.
            if case .binding(let binding) = analysis.resolution(of: value), binding.index < first,
                isVariable(value)
            {
                analysis.functions[id.index].becomeVariable()
            }
            close()
        }
    }

    private func isVariable(_ node: NodeID) -> Bool {
        if case .identifier = tree[node] { return true }
        return false
    }
}
