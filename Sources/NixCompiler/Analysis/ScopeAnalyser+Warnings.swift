import NixSyntax

extension ScopeAnalyser {
    mutating func warnAboutLet(_ bindings: Bindings, at span: Span) throws(CompileError) {
        try warnAboutEmptyInherits(bindings, at: span)
        if bindings.attributes.count == 0 { warn(.emptyLet, at: span) }
        for index in bindings.attributes.range {
            let attribute = tree.attributes[index]
            try charge()
            guard case .inherited = attribute.value else { continue }
            switch meaning(of: attribute.name) {
            case .binding, .attribute, .global: warn(.uselessInherit, at: attribute.span)
            case .dynamic, .none: break
            }
        }
    }

    /// Warns about `inherit;` without names. The tree only counts these, so the span is that of the whole `let` or set.
    mutating func warnAboutEmptyInherits(_ bindings: Bindings, at span: Span) throws(CompileError) {
        for _ in 0..<bindings.emptyInherits {
            try charge()
            warn(.emptyInherit, at: span)
        }
    }

    /// Warns about names of a `let` that nothing refers to. A leading `_` marks a name as intentionally unused.
    mutating func warnAboutUnused(_ id: BindingsID, _ bindings: Bindings) throws(CompileError) {
        let first = Int(analysis.firstBindings[Int(id.rawValue)])
        for (offset, index) in bindings.attributes.range.enumerated() {
            try charge()
            guard !self.bindings[first + offset].isUsed else { continue }
            let attribute = tree.attributes[index]
            guard tree.firstByte(of: attribute.name) != UInt8(ascii: "_") else { continue }
            warn(.unusedBinding, attribute.name, at: attribute.span)
        }
    }

    /// Warns about boolean operators with a literal operand.
    mutating func warnAboutBooleans(_ node: NodeID) {
        guard case .binary(let sign, let left, let right) = tree[node], sign == .and || sign == .or else { return }
        let deciding = sign == .or
        if let literal = literalBoolean(left) {
            guard literal == deciding else { return warnAboutNeutral(literal, at: left) }
            warnAboutDecided(deciding, at: node)
            if literalBoolean(right) == nil { warn(.deadCode, at: tree.span(of: right)) }
        } else if let literal = literalBoolean(right) {
            guard literal == deciding else { return warnAboutNeutral(literal, at: right) }
            warnAboutDecided(deciding, at: node)
        }
    }

    private mutating func warnAboutNeutral(_ literal: Bool, at node: NodeID) {
        warn(literal ? .trueHasNoEffect : .falseHasNoEffect, at: tree.span(of: node))
    }

    private mutating func warnAboutDecided(_ value: Bool, at node: NodeID) {
        warn(value ? .alwaysTrue : .alwaysFalse, at: tree.span(of: node))
    }

    /// The value of `true` or `false`, unless a scope binds the name; nil for any other expression.
    private func literalBoolean(_ node: NodeID) -> Bool? {
        guard case .identifier(let symbol) = tree[node], case .global = meaning(of: symbol) else { return nil }
        if symbol == analysis.wellKnown.true { return true }
        return symbol == analysis.wellKnown.false ? false : nil
    }
}
