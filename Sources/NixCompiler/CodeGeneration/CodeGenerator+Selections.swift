import NixBytecode
import NixSyntax

extension CodeGenerator {
    /// Generates `base.path`.
    mutating func generateSelection(_ base: NodeID, _ path: Run, at span: Span) throws(BuilderError) {
        var steps = path.range
        if case .identifier = tree[base], case .binding(let binding) = analysis.resolution(of: base),
            let first = steps.first, case .fixed(let symbol, _) = tree.attributeNames[first]
        {
            try select(symbol, of: binding, at: span)
            steps = steps.dropFirst()
        } else {
            try generate(base, tail: false)
        }
        for index in steps {
            switch tree.attributeNames[index] {
            case .fixed(let symbol, _): try emit(.select, .symbol(try programSymbol(symbol)), at: span)
            case .dynamic(let name, _):
                try generate(name, tail: false)
                try emit(.selectDynamic, at: tree.span(of: name))
            }
        }
    }

    /// Generates `base.path or fallback`. Every selection jumps to the fallback if the attribute is missing.
    mutating func generateSelection(
        _ base: NodeID, _ path: Run, or fallback: NodeID, at span: Span, tail: Bool
    ) throws(BuilderError) {
        try generate(base, tail: false)
        var misses: [JumpPatch] = []
        for index in path.range { misses.append(try emitStep(index, at: span)) }
        var end: JumpPatch?
        if tail {
            try emit(.return, at: span)
        } else {
            end = try emitJump(.jump, at: span)
        }
        for miss in misses { try builder.patch(miss) }
        try generate(fallback, tail: tail)
        if let end { try builder.patch(end) }
    }

    /// Generates `base ? path`. Every selection but the last jumps if the attribute is missing.
    mutating func generateTest(_ base: NodeID, _ path: Run, at span: Span) throws(BuilderError) {
        try generate(base, tail: false)
        var misses: [JumpPatch] = []
        for index in path.range.dropLast() { misses.append(try emitStep(index, at: span)) }
        if let last = path.range.last {
            switch tree.attributeNames[last] {
            case .fixed(let symbol, _): try emit(.hasAttribute, .symbol(try programSymbol(symbol)), at: span)
            case .dynamic(let name, _):
                try generate(name, tail: false)
                try emit(.hasAttributeDynamic, at: tree.span(of: name))
            }
        }
        guard !misses.isEmpty else { return }
        let end = try emitJump(.jump, at: span)
        for miss in misses { try builder.patch(miss) }
        try emit(.false, at: span)
        try builder.patch(end)
    }

    /// Generates the selection of one name of a path, which jumps if the attribute is missing.
    private mutating func emitStep(_ index: Int, at span: Span) throws(BuilderError) -> JumpPatch {
        switch tree.attributeNames[index] {
        case .fixed(let symbol, _): return try emitJump(.selectOr, symbol: programSymbol(symbol), at: span)
        case .dynamic(let name, _):
            try generate(name, tail: false)
            return try emitJump(.selectOrDynamic, at: tree.span(of: name))
        }
    }
}
