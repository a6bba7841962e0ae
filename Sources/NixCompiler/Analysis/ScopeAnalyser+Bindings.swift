import NixSyntax

// Binding groups: `let`, sets and recursive sets.

extension ScopeAnalyser {
    /// Analyses `let bindings in body`.
    mutating func analyseLet(_ id: BindingsID, body: NodeID, at span: Span) throws(CompileError) {
        let mark = shadowed.count
        let bindings = tree.bindings[Int(id.rawValue)]
        try warnAboutLet(bindings, at: span)
        try analyseRecursive(id, bindings, overridden: false)
        try analyse(body)
        restoreScope(mark)
        try warnAboutUnused(id, bindings)
    }

    /// Analyses a set whose value is needed now.
    mutating func analyseSet(_ id: BindingsID, recursive: Bool, at span: Span) throws(CompileError) {
        let bindings = tree.bindings[Int(id.rawValue)]
        let mark = shadowed.count
        let overrideMark = overrideGroups.count
        try warnAboutEmptyInherits(bindings, at: span)
        if recursive {
            try analyseRecursive(id, bindings, overridden: hasOverrides(bindings))
        } else {
            for index in bindings.attributes.range {
                guard case .inherited = tree.attributes[index].value else { continue }
                try analyseInherited(index)
            }
            try analyseSources(bindings)
            for index in bindings.attributes.range { try analyseValue(index, bindings) }
        }
        for index in bindings.dynamicAttributes.range {
            try analyse(tree.dynamicAttributes[index].name)
            try analyseLazily(tree.dynamicAttributes[index].value, name: nil)
        }
        restoreScope(mark)
        overrideGroups.removeLast(overrideGroups.count - overrideMark)
    }

    private func hasOverrides(_ bindings: Bindings) -> Bool {
        bindings.attributes.range.contains { tree.attributes[$0].name == analysis.wellKnown.overrides }
    }

    /// Declares the names of a recursive group and analyses their values. The caller ends the scope.
    private mutating func analyseRecursive(
        _ id: BindingsID, _ bindings: Bindings, overridden: Bool
    ) throws(CompileError) {
        // Inherited variables come from outside the group, so they are resolved before its names are declared.
        for index in bindings.attributes.range {
            guard case .inherited = tree.attributes[index].value else { continue }
            try analyseInherited(index)
        }
        let first = self.bindings.count
        analysis.firstBindings[Int(id.rawValue)] = Int32(truncatingIfNeeded: first)
        let group = overridden ? Int32(truncatingIfNeeded: overrideGroups.count) : -1
        for index in bindings.attributes.range {
            let attribute = tree.attributes[index]
            try declare(attribute.name, span: attribute.span, isInitialised: false, overrideGroup: group)
        }
        if overridden {
            let set = addBinding(isInitialised: false)
            overrideGroups.append(OverrideGroup(set: set, overrides: nil))
        }
        try analyseSources(bindings)
        for (offset, index) in bindings.attributes.range.enumerated() {
            if overridden, tree.attributes[index].name == analysis.wellKnown.overrides {
                try analyseOverrides(index, bindings, group: Int(group))
            } else {
                try analyseValue(index, bindings)
            }
            self.bindings[first + offset].isInitialised = true
        }
        if overridden { try analyseOverridden(id, bindings, set: overrideGroups[Int(group)].set) }
    }

    /// Analyses the value of `__overrides`. Its own thunk sees the names without the overrides; the functions inside it
    /// see the overridden ones.
    private mutating func analyseOverrides(
        _ index: Int, _ bindings: Bindings, group: Int
    ) throws(CompileError) {
        let next = analysis.functions.count
        overrideGroups[group].overrides = FunctionID(next)
        try analyseValue(index, bindings)
        // A constant set has no thunk, and `next` will be the index of another function.
        if analysis.functions.count == next { overrideGroups[group].overrides = nil }
    }

    /// Analyses the thunk of the overridden set, which captures every attribute.
    private mutating func analyseOverridden(
        _ id: BindingsID, _ bindings: Bindings, set: BindingID
    ) throws(CompileError) {
        let function = open(.overridden(id), arity: 0, name: nil)
        let first = Int(analysis.firstBindings[Int(id.rawValue)])
        for (offset, index) in bindings.attributes.range.enumerated() {
            try capture(BindingID(first + offset), at: tree.attributes[index].span)
        }
        close()
        analysis.overrides[Int32(truncatingIfNeeded: id.rawValue)] = (binding: set, function: function)
        self.bindings[set.index].isInitialised = true
    }

    /// Resolves `inherit name;`.
    private mutating func analyseInherited(_ index: Int) throws(CompileError) {
        try charge()
        let attribute = tree.attributes[index]
        guard !isReadable(meaning(of: attribute.name)) else {
            analysis.resolve(attribute: index, to: try resolve(attribute.name, at: attribute.span))
            return
        }
        let id = open(.inherited(attribute: index), arity: 0, name: attribute.name)
        analysis.functionOfAttribute[index] = Int32(truncatingIfNeeded: id.rawValue)
        analysis.resolve(attribute: index, to: try resolve(attribute.name, at: attribute.span))
        close()
    }

    /// Analyses the value of one attribute, in the scope that its kind sees.
    private mutating func analyseValue(_ index: Int, _ bindings: Bindings) throws(CompileError) {
        try charge()
        let attribute = tree.attributes[index]
        switch attribute.value {
        case .expression(let node): try analyseLazily(node, name: attribute.name)
        case .inherited: break
        case .inheritedFrom(let source):
            let child = Int(bindings.inheritSources.start) + Int(source)
            guard analysis.sourceBindings[child] < 0 else { return }
            try analyseInheritedFrom(index, source: tree.children[child])
        }
    }

    /// Analyses `inherit (e) name;` where `e` has no local of its own.
    private mutating func analyseInheritedFrom(_ index: Int, source: NodeID) throws(CompileError) {
        if !delaysLikeNix, case .identifier(let symbol) = tree[source], isDirectlyReadable(symbol) {
            return try analyse(source)
        }
        let name = tree.attributes[index].name
        let id = open(.inheritedFrom(attribute: index, source: source), arity: 0, name: name)
        analysis.functionOfAttribute[index] = Int32(truncatingIfNeeded: id.rawValue)
        try analyse(source)
        close()
    }

    /// Gives the `e` of `inherit (e) a b;` a hidden local, unless it is a variable or has only one name.
    private mutating func analyseSources(_ bindings: Bindings) throws(CompileError) {
        guard bindings.inheritSources.count > 0 else { return }
        let counts = try countInherited(bindings)
        for (source, child) in bindings.inheritSources.range.enumerated() {
            let node = tree.children[child]
            try charge()
            guard counts[source] != 1, !isLexicalVariable(node) else { continue }
            try analyseLazily(node, name: nil)
            guard counts[source] > 0 else { continue }
            let binding = addBinding(isInitialised: true)
            analysis.sourceBindings[child] = Int32(truncatingIfNeeded: binding.rawValue)
        }
    }

    /// The number of names that are inherited from each source.
    private mutating func countInherited(_ bindings: Bindings) throws(CompileError) -> [Int] {
        var counts = [Int](repeating: 0, count: Int(bindings.inheritSources.count))
        for index in bindings.attributes.range {
            try charge()
            guard case .inheritedFrom(let source) = tree.attributes[index].value else { continue }
            counts[Int(source)] += 1
        }
        return counts
    }

    private func isLexicalVariable(_ node: NodeID) -> Bool {
        guard case .identifier(let symbol) = tree[node] else { return false }
        switch meaning(of: symbol) {
        case .binding, .global: return true
        case .attribute, .dynamic, .none: return false
        }
    }
}
