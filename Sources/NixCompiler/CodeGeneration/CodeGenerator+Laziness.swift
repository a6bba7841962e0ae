import NixBytecode
import NixSyntax

extension CodeGenerator {
    /// Pushes the value of an expression, or a thunk of it.
    mutating func generateLazily(_ node: NodeID) throws(BuilderError) {
        guard let function = analysis.delayedFunction(of: node) else { return try generateTrivially(node) }
        let span = tree.span(of: node)
        guard analysis.functions[function.index].isAttempted else { return try makeFunction(function, at: span) }
        let fails = try emitJump(.attempt, at: span)
        try generate(node, tail: false)
        let end = try emitJump(.jump, at: span)
        try builder.patch(fails)
        try makeFunction(function, at: span)
        try builder.patch(end)
    }

    /// Pushes a closure or a thunk.
    ///
    /// Bindings of the group that is being pushed may not have a value yet. Captures of those are deferred: `finalise`
    /// sets them when the group is complete. The new object is in the slot on top of the stack.
    mutating func makeFunction(_ id: FunctionID, at span: Span) throws(BuilderError) {
        let record = analysis.functions[id.index]
        let chunk = try enqueue(.function(id), span: span)
        let slot = builder.height
        captures.removeAll(keepingCapacity: captures.capacity <= Self.longList)
        captures.reserveCapacity(Int(record.captures.count))
        for (index, capture) in record.captures.range.enumerated() {
            let position = position(of: analysis.captures[capture])
            if position.kind == .local, position.index >= slot {
                captures.append(.deferred(position.index))
                deferrals.append((slot: slot, capture: DeferredCapture(capture: index, slot: position.index)))
            } else {
                captures.append(position)
            }
        }
        try emit(
            record.isThunk ? .thunk : .closure, .chunk(chunk),
            .captures(captures, with: record.capturesWith ? chain : nil), at: span)
    }

    /// Pushes the value of an expression that the analysis found trivial.
    private mutating func generateTrivially(_ node: NodeID) throws(BuilderError) {
        let span = tree.span(of: node)
        switch tree[node] {
        case .identifier: try readLazily(analysis.resolution(of: node), node, at: span)
        case .select(let base, let path, _):
            try generateTrivially(base)
            if case .fixed(let symbol, _) = tree.attributeNames[Int(path.start)] {
                try selectLazily(symbol, at: span)
            }
        case .list, .attributeSet: try generate(node, tail: false)
        default: try push(immediate(node), at: span)
        }
    }

    /// Pushes the value of a variable without forcing it.
    private mutating func readLazily(
        _ resolution: Resolution, _ node: NodeID, at span: Span
    ) throws(BuilderError) {
        switch resolution {
        case .binding, .attribute, .global: try readLazily(resolution, at: span)
        // The identifier is a constant inside a trivial expression, for which the analysis records no resolution.
        case .dynamic, .none: try push(immediate(node), at: span)
        }
    }

    /// Pushes the value of a variable without forcing it, except that one bound by a `with` is looked up at once.
    mutating func readLazily(_ resolution: Resolution, at span: Span) throws(BuilderError) {
        switch resolution {
        case .binding(let binding): try read(binding, at: span)
        case .attribute(let binding, let symbol):
            try read(binding, at: span)
            try selectLazily(symbol, at: span)
        case .global(let symbol): try push(immediate(global: symbol), at: span)
        case .dynamic, .none: try generateVariable(resolution, at: span)
        }
    }

    mutating func read(_ binding: BindingID, at span: Span) throws(BuilderError) {
        let position = position(of: binding)
        if position.kind == .local {
            try emit(.getLocal, .slot(position.index), at: span)
        } else {
            try emit(.getUpvalue, .upvalue(position.index), at: span)
        }
    }

    /// Replaces a set on the stack by one of its attributes. Either may be a thunk.
    mutating func selectLazily(_ symbol: SymbolID, at span: Span) throws(BuilderError) {
        let name = try programSymbol(symbol)
        let chunk = try enqueue(.selection(symbol), span: span)
        try emit(.lazySelect, .symbol(name), .chunk(chunk), at: span)
    }

    /// Pushes the forced value of a variable.
    mutating func generateVariable(_ resolution: Resolution, at span: Span) throws(BuilderError) {
        switch resolution {
        case .binding(let binding):
            let position = position(of: binding)
            if position.kind == .local {
                try emit(.getLocalForce, .slot(position.index), at: span)
            } else {
                try emit(.getUpvalueForce, .upvalue(position.index), at: span)
            }
        case .attribute(let binding, let symbol): try select(symbol, of: binding, at: span)
        case .global(let symbol): try push(immediate(global: symbol), at: span)
        case .dynamic(let symbol):
            let name = try programSymbol(symbol)
            try emit(.resolveWith, .position(chain), .symbol(name), at: span)
        case .none: try emit(.null, at: span)
        }
    }

    /// Pushes the forced value of an attribute of the set that a binding holds.
    mutating func select(_ symbol: SymbolID, of binding: BindingID, at span: Span) throws(BuilderError) {
        let name = try programSymbol(symbol)
        let position = position(of: binding)
        if position.kind == .local {
            try emit(.getLocalSelect, .slot(position.index), .symbol(name), at: span)
        } else {
            try emit(.getUpvalueSelect, .upvalue(position.index), .symbol(name), at: span)
        }
    }
}
