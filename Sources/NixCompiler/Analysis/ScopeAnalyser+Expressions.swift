import NixSyntax

extension ScopeAnalyser {
    /// Analyses an expression whose value is needed now.
    mutating func analyse(_ node: NodeID) throws(CompileError) {
        try descend(node)
        switch tree[node] {
        case .integer, .float, .path, .homePath, .currentPosition: break
        case .uri: warn(.deprecatedURLLiteral, at: tree.span(of: node))
        case .string(let parts), .interpolatedPath(let parts): try analyseParts(parts)
        case .searchPath: try analyseSearchPath(node)
        case .identifier(let symbol):
            analysis.resolve(node, to: try resolve(symbol, at: tree.span(of: node)))
        case .lambda: try analyseLambda(node, name: nil)
        case .list(let elements):
            for index in elements.range { try analyseLazily(tree.children[index], name: nil) }
        case .attributeSet(let bindings, let recursive):
            try analyseSet(bindings, recursive: recursive, at: tree.span(of: node))
        case .legacyLet(let bindings):
            warn(.deprecatedLegacyLet, at: tree.span(of: node))
            try analyseSet(bindings, recursive: true, at: tree.span(of: node))
        case .letIn(let bindings, let body): try analyseLet(bindings, body: body, at: tree.span(of: node))
        default: try analyseCompound(node)
        }
        depth -= 1
    }

    private mutating func analyseCompound(_ node: NodeID) throws(CompileError) {
        switch tree[node] {
        case .select(let base, let path, let fallback):
            try analyse(base)
            try analysePath(path)
            if let fallback { try analyse(fallback) }
        case .hasAttribute(let base, let path):
            try analyse(base)
            try analysePath(path)
        case .apply(let function, let arguments):
            try analyse(function)
            for index in arguments.range { try analyseLazily(tree.children[index], name: nil) }
        case .with(let scope, let body): try analyseWith(node, scope: scope, body: body)
        case .assert(let condition, let body):
            try analyse(condition)
            try analyse(body)
        case .conditional(let condition, let then, let otherwise):
            try analyse(condition)
            try analyse(then)
            try analyse(otherwise)
        case .not(let operand): try analyse(operand)
        case .negate(let operand): try analyseNegation(node, operand)
        case .binary: try analyseBinary(node)
        default: break
        }
    }

    private mutating func analyseParts(_ parts: Run) throws(CompileError) {
        for index in parts.range {
            if case .interpolation(let node) = tree.parts[index] { try analyse(node) }
        }
    }

    private mutating func analysePath(_ path: Run) throws(CompileError) {
        for index in path.range {
            if case .dynamic(let node, _) = tree.attributeNames[index] { try analyse(node) }
        }
    }

    /// Resolves the variables of `<name>`, which is a call of `__findFile` with `__nixPath`. A scope may bind either.
    private mutating func analyseSearchPath(_ node: NodeID) throws(CompileError) {
        let span = tree.span(of: node)
        let names = analysis.wellKnown
        analysis.resolve(node, to: try resolve(names.findFile, at: span))
        analysis.searchPaths[Int32(truncatingIfNeeded: node.rawValue)] = try resolve(names.nixPath, at: span)
    }

    private mutating func analyseWith(_ node: NodeID, scope: NodeID, body: NodeID) throws(CompileError) {
        try analyseLazily(scope, name: nil)
        let outer = currentWith
        currentWith = Int32(truncatingIfNeeded: analysis.withs.count)
        analysis.withOfNode[Int32(truncatingIfNeeded: node.rawValue)] = currentWith
        analysis.withs.append(WithRecord(function: currentFunction, outer: outer, isUsed: false))
        try analyse(body)
        currentWith = outer
    }
}
