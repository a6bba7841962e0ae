import MessageText
import NixSyntax

extension ScopeAnalyser {
    /// Adds a binding without a name to the current function.
    mutating func addBinding(isInitialised: Bool, overrideGroup: Int32 = -1) -> BindingID {
        let id = BindingID(bindings.count)
        bindings.append(
            Binding(
                function: currentFunction, depth: Int32(truncatingIfNeeded: openFunctions.count - 1),
                isInitialised: isInitialised, isUsed: false, overrideGroup: overrideGroup,
                deepestCapture: -1))
        return id
    }

    /// Binds a name until `restoreScope`.
    mutating func declare(
        _ symbol: SymbolID, span: Span, isInitialised: Bool, overrideGroup: Int32 = -1
    ) throws(CompileError) {
        try charge()
        let index = Int(symbol.rawValue)
        let binding = addBinding(isInitialised: isInitialised, overrideGroup: overrideGroup)
        shadowed.append((symbol: index, binding: scope[index]))
        scope[index] = Int32(truncatingIfNeeded: binding.rawValue)
        if outermost[index] == .global {
            warn(.shadowedGlobal, symbol, at: span)
        }
    }

    /// Ends the scopes that were opened since `shadowed` had `mark` entries.
    mutating func restoreScope(_ mark: Int) {
        while shadowed.count > mark {
            let entry = shadowed.removeLast()
            scope[entry.symbol] = entry.binding
        }
    }

    /// What a name refers to in the current scope; nothing is captured. The result is `dynamic` if only a `with` can
    /// bind it, and `none` if nothing can.
    ///
    /// It is inlined, as other small questions are: a call would copy the whole analyser, which is a large value.
    @inline(__always)
    func meaning(of symbol: SymbolID) -> Resolution {
        let index = Int(symbol.rawValue)
        if scope[index] >= 0 { return meaning(of: symbol, boundBy: BindingID(Int(scope[index]))) }
        switch outermost[index] {
        case .attribute: return .attribute(BindingID(0), symbol)
        case .global: return .global(symbol)
        case .unknown: return currentWith >= 0 ? .dynamic(symbol) : .none
        }
    }

    @inline(__always)
    private func meaning(of symbol: SymbolID, boundBy binding: BindingID) -> Resolution {
        let group = bindings[binding.index].overrideGroup
        guard group >= 0, overrideGroups[Int(group)].overrides != currentFunction else { return .binding(binding) }
        return .attribute(overrideGroups[Int(group)].set, symbol)
    }

    /// Resolves a variable in the current function, and captures it where needed.
    ///
    /// - Throws: an error if nothing binds it.
    mutating func resolve(_ symbol: SymbolID, at span: Span) throws(CompileError) -> Resolution {
        let index = Int(symbol.rawValue)
        if scope[index] >= 0 { bindings[Int(scope[index])].isUsed = true }
        let meaning = meaning(of: symbol)
        switch meaning {
        case .binding(let binding), .attribute(let binding, _): try capture(binding, at: span)
        case .global: break
        case .dynamic: useChain(currentWith, from: openFunctions.count - 1)
        case .none:
            let text = MessageText.shortened(self.name(of: symbol))
            throw CompileError(kind: .undefinedVariable, message: "undefined variable '\(text)'", span: span)
        }
        return meaning
    }

    /// Whether the source binds a name that operators or literals refer to.
    @inline(__always)
    func isRedefined(_ symbol: SymbolID) -> Bool {
        let index = Int(symbol.rawValue)
        return scope[index] >= 0 || outermost[index] == .attribute
    }

    /// Whether the value is on the stack or captured, so that it can be read at the point that the analysis has
    /// reached.
    @inline(__always)
    func isReadable(_ binding: BindingID) -> Bool {
        let record = bindings[binding.index]
        return record.isInitialised || record.function != currentFunction
    }

    /// Makes the chain of a `with` readable from the function at a depth.
    private mutating func useChain(_ index: Int32, from depth: Int) {
        var index = index
        var depth = depth
        while index >= 0 {
            let record = analysis.withs[Int(index)]
            while openFunctions[depth].id != record.function {
                // A function that captures the chain already has made the functions around it capture it, too.
                if analysis.functions[openFunctions[depth].id.index].capturesWith { return }
                analysis.functions[openFunctions[depth].id.index].capturesWith = true
                depth -= 1
            }
            guard !record.isUsed else { return }
            analysis.withs[Int(index)].isUsed = true
            index = record.outer
        }
    }
}
