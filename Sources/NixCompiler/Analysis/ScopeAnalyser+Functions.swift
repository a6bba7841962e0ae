import NixSyntax

// Functions, and what they capture.
//
// A variable of an outer function is captured by every function between: each takes it from the frame that makes it.
// So the open functions that capture a binding are always the outer ones of the path from its home, and the deepest of
// them is all that must be known to capture it further.

extension ScopeAnalyser {
    var currentFunction: FunctionID { openFunctions[openFunctions.count - 1].id }

    /// Opens a function in the current one.
    @discardableResult
    mutating func open(_ body: FunctionRecord.Body, arity: Int, name: SymbolID?) -> FunctionID {
        let id = FunctionID(analysis.functions.count)
        analysis.functions.append(FunctionRecord(body, arity: arity, name: name))
        openFunctions.append(OpenFunction(id: id))
        return id
    }

    /// Closes the innermost function: its captures are final.
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

    /// Captures of all functions of one source together. Functions that nest deeply and all use the same variables
    /// need memory by the square of the source; what people write needs a few per variable.
    private static let mostCaptures = 4_000_000

    /// Makes a binding readable from the current function.
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
            try work()
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

    /// Analyses a chain of lambdas, `a: b: e`, as one function. Only the last parameter may be a pattern, which needs
    /// its argument before anything else can go on.
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

    /// Defaults see every formal, the `@` name and what is around the function.
    ///
    /// - Parameter first: the first binding of the lambda's.
    private mutating func analyseDefaults(_ lambda: Lambda, first: Int) throws(CompileError) {
        for index in lambda.formals.range {
            try work()
            guard let value = tree.formals[index].defaultValue, !isConstant(value) else { continue }
            let id = open(.thunk(value), arity: 0, name: tree.formals[index].name)
            analysis.functionOfFormal[index] = Int32(truncatingIfNeeded: id.rawValue)
            try analyse(value)
            // A formal that is the variable has no value yet, so Nix delays it.
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
