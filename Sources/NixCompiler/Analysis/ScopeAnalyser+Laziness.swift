import NixSyntax

// Which expressions become thunks.
//
// No thunk is made for constants, for variables whose value exists already, for functions, and for small lists and sets
// of these. `x.a` makes one only if needed, which is decided at run time (`lazySelect`); so do small expressions of
// arithmetic, comparisons and tests (`ScopeAnalyser+Attempts.swift`). With `CompileOptions.delaysLikeNix`, there are thunks
// wherever Nix has them.

extension ScopeAnalyser {
    /// Analyses an expression whose evaluation may be delayed.
    ///
    /// - Parameters:
    ///   - node: the expression.
    ///   - name: the attribute or variable that the value is bound to.
    mutating func analyseLazily(_ node: NodeID, name: SymbolID?) throws(CompileError) {
        if case .lambda = tree[node] {
            try analyseLambdaLazily(node, name: name)
        } else if isMadeAtOnce(node) {
            try analyseTrivial(node)
        } else {
            let isAttempted = isAttempted(node)
            let id = open(.thunk(node), arity: 0, name: name)
            if isAttempted { analysis.functions[id.index].attempt() }
            analysis.functionOfNode[Int(node.rawValue)] = Int32(truncatingIfNeeded: id.rawValue)
            try analyse(node)
            close()
        }
    }

    private mutating func analyseLambdaLazily(_ node: NodeID, name: SymbolID?) throws(CompileError) {
        if delaysLikeNix {
            let id = open(.thunk(node), arity: 0, name: name)
            analysis.thunkOfLambda[Int32(truncatingIfNeeded: node.rawValue)] = Int32(truncatingIfNeeded: id.rawValue)
        }
        try descend(node)
        try analyseLambda(node, name: name)
        depth -= 1
        if delaysLikeNix { close() }
    }

    /// Whether the value is made without a thunk.
    ///
    /// It changes nothing, but a call of a function that cannot change the analyser would copy it, and inlined it would
    /// take stack at every level of nesting.
    @inline(never)
    private mutating func isMadeAtOnce(_ node: NodeID) -> Bool {
        guard delaysLikeNix else { return isTrivial(node, nesting: 0) }
        return switch tree[node] {
        case .identifier(let symbol): isDirectlyReadable(symbol)
        case .list(let elements): elements.count == 0
        default: isConstant(node)
        }
    }

    /// Whether the value is a constant that one instruction pushes.
    @inline(__always)
    func isConstant(_ node: NodeID) -> Bool {
        switch tree[node] {
        case .integer, .float, .uri, .path: return true
        case .string(let parts): return isPlain(parts)
        case .identifier(let symbol):
            if case .global = meaning(of: symbol) { return true }
            return false
        case .negate(let operand):
            guard !delaysLikeNix, !isRedefined(analysis.wellKnown.subtract) else { return false }
            switch tree[operand] {
            case .integer, .float: return true
            default: return false
            }
        default: return false
        }
    }

    /// Whether the value can be made by instructions without side effects and without a new function.
    @inline(__always)
    private mutating func isTrivial(_ node: NodeID, nesting: Int) -> Bool {
        switch tree[node] {
        case .identifier(let symbol): return isReadable(meaning(of: symbol))
        case .select(let base, let path, nil): return isLazySelection(base, path)
        case .list(let elements): return isTrivialList(elements, nesting: nesting)
        case .attributeSet(let bindings, let recursive):
            return isTrivialSet(tree.bindings[Int(bindings.rawValue)], recursive: recursive, nesting: nesting)
        default: return isConstant(node)
        }
    }

    @inline(__always)
    func isReadable(_ meaning: Resolution) -> Bool {
        switch meaning {
        case .binding(let binding): return isReadable(binding)
        case .attribute(let binding, _): return !delaysLikeNix && isReadable(binding)
        case .global: return true
        case .dynamic, .none: return false
        }
    }

    /// Whether the selection is `x.a` of a readable variable.
    @inline(__always)
    private func isLazySelection(_ base: NodeID, _ path: Run) -> Bool {
        guard path.count == 1, case .fixed = tree.attributeNames[Int(path.start)],
            case .identifier(let symbol) = tree[base]
        else { return false }
        return isDirectlyReadable(symbol)
    }

    /// Whether one instruction reads the variable, so that a copy of it in a local would not be cheaper.
    @inline(__always)
    func isDirectlyReadable(_ symbol: SymbolID) -> Bool {
        switch meaning(of: symbol) {
        case .binding(let binding): return isReadable(binding)
        case .global: return true
        case .attribute, .dynamic, .none: return false
        }
    }

    // The following change nothing, either (see `isMadeAtOnce`).

    private mutating func isTrivialList(_ elements: Run, nesting: Int) -> Bool {
        guard elements.count > 0 else { return true }
        guard nesting < Self.eagerNesting, elements.count <= Self.eagerCount else { return false }
        for index in elements.range where !isTrivialElement(tree.children[index], nesting: nesting) { return false }
        return true
    }

    private mutating func isTrivialSet(_ bindings: Bindings, recursive: Bool, nesting: Int) -> Bool {
        guard bindings.dynamicAttributes.count == 0 else { return false }
        // The sources of an `inherit (e);` without names are values on the stack, and need a frame.
        guard bindings.attributes.count > 0 else { return bindings.inheritSources.count == 0 }
        guard !recursive, bindings.inheritSources.count == 0, nesting < Self.eagerNesting,
            bindings.attributes.count <= Self.eagerCount
        else { return false }
        for index in bindings.attributes.range {
            switch tree.attributes[index].value {
            case .expression(let node):
                if !isTrivialElement(node, nesting: nesting) { return false }
            case .inherited:
                if !isReadable(meaning(of: tree.attributes[index].name)) { return false }
            case .inheritedFrom: return false
            }
        }
        return true
    }

    /// Whether an element of a list or set is trivial. Selections are not: each may make a thunk at run time, and one
    /// thunk for the whole is cheaper. Arithmetic with a number is: its other operand is mostly a number that is known.
    @inline(__always)
    private mutating func isTrivialElement(_ node: NodeID, nesting: Int) -> Bool {
        if case .select = tree[node] { return false }
        return isTrivial(node, nesting: nesting + 1) || isAttemptedArithmetic(node)
    }

    /// The most elements of a list or set that is built eagerly, where a single thunk would do.
    private static let eagerCount: UInt32 = 8
    /// The deepest nesting of such lists and sets.
    private static let eagerNesting = 3

    /// Whether a string has no interpolation.
    @inline(__always)
    func isPlain(_ parts: Run) -> Bool {
        parts.range.allSatisfy {
            if case .literal = tree.parts[$0] { return true }
            return false
        }
    }

    /// Resolves the variables in a trivial expression.
    private mutating func analyseTrivial(_ node: NodeID) throws(CompileError) {
        switch tree[node] {
        case .integer, .float, .string, .path, .negate: break
        case .list(let elements):
            for index in elements.range { try analyseLazily(tree.children[index], name: nil) }
        default: try analyse(node)
        }
    }
}
