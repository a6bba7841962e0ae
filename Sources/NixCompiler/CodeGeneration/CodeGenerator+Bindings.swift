import NixBytecode
import NixSyntax

extension CodeGenerator {
    mutating func generateLet(
        _ id: BindingsID, body: NodeID, at span: Span, tail: Bool
    ) throws(BuilderError) {
        let count = try pushGroup(id, at: span)
        try generate(body, tail: tail)
        if !tail { try closeScope(count, at: span) }
    }

    /// Pushes a set in weak head normal form.
    mutating func generateSet(_ id: BindingsID, recursive: Bool, at span: Span) throws(BuilderError) {
        let bindings = tree.bindings[Int(id.rawValue)]
        let locals: Int
        if recursive {
            locals = try pushGroup(id, at: span)
            try generateRecursiveSet(id, bindings, at: span)
        } else {
            locals = try pushSources(bindings)
            for index in bindings.attributes.range { try pushValue(index, bindings) }
            try emitAttributes(bindings, at: span)
        }
        try addDynamicAttributes(bindings)
        try closeScope(locals, at: span)
    }

    /// Pushes the set of a recursive group whose locals are on the stack.
    private mutating func generateRecursiveSet(
        _ id: BindingsID, _ bindings: Bindings, at span: Span
    ) throws(BuilderError) {
        if let overridden = analysis.overrides[Int32(truncatingIfNeeded: id.rawValue)] {
            return try generateVariable(.binding(overridden.binding), at: span)
        }
        let first = Int(analysis.firstBindings[Int(id.rawValue)])
        for (offset, index) in bindings.attributes.range.enumerated() {
            try read(BindingID(first + offset), at: tree.attributes[index].span)
        }
        try emitAttributes(bindings, at: span)
    }

    /// Generates the thunk of a `rec` set with `__overrides`: the plain set, updated with the overrides.
    mutating func generateOverridden(_ id: BindingsID, at span: Span) throws(BuilderError) {
        let bindings = tree.bindings[Int(id.rawValue)]
        let first = Int(analysis.firstBindings[Int(id.rawValue)])
        var overrides: BindingID?
        for (offset, index) in bindings.attributes.range.enumerated() {
            let binding = BindingID(first + offset)
            try read(binding, at: tree.attributes[index].span)
            if tree.attributes[index].name == analysis.wellKnown.overrides { overrides = binding }
        }
        try emitAttributes(bindings, at: span)
        if let overrides {
            try generateVariable(.binding(overrides), at: span)
            try emit(.update, at: span)
        }
        try emit(.return, at: span)
    }

    /// Pushes the locals of a recursive group.
    ///
    /// - Returns: their number.
    private mutating func pushGroup(_ id: BindingsID, at span: Span) throws(BuilderError) -> Int {
        let bindings = tree.bindings[Int(id.rawValue)]
        let bottom = builder.height
        let outerDeferrals = deferrals.count
        let sources = bindings.inheritSources.range.count { analysis.sourceBindings[$0] >= 0 }
        let first = Int(analysis.firstBindings[Int(id.rawValue)])
        let count = Int(bindings.attributes.count)
        for offset in 0..<count { slots[first + offset] = Int32(truncatingIfNeeded: bottom + sources + offset) }
        let overridden = analysis.overrides[Int32(truncatingIfNeeded: id.rawValue)]
        if let overridden { slots[overridden.binding.index] = Int32(truncatingIfNeeded: bottom + sources + count) }
        _ = try pushSources(bindings)
        for index in bindings.attributes.range { try pushValue(index, bindings) }
        if let overridden { try makeFunction(overridden.function, at: span) }
        try finalise(from: outerDeferrals, at: span)
        return builder.height - bottom
    }

    /// Sets the captures that a group deferred, object by object.
    ///
    /// - Parameters:
    ///   - first: index of the group's first deferral. Those before it belong to enclosing groups, which are not
    ///     complete yet.
    ///   - span: the span of the group.
    private mutating func finalise(from first: Int, at span: Span) throws(BuilderError) {
        var start = first
        while start < deferrals.count {
            try charge()
            let slot = deferrals[start].slot
            var captures: [DeferredCapture] = []
            while start < deferrals.count, deferrals[start].slot == slot {
                captures.append(deferrals[start].capture)
                start += 1
            }
            try emit(.finalise, .slot(slot), .deferred(captures), at: span)
        }
        deferrals.removeLast(deferrals.count - first)
    }

    /// Pushes the hidden locals of `inherit (e) ...;`.
    ///
    /// - Returns: their number.
    private mutating func pushSources(_ bindings: Bindings) throws(BuilderError) -> Int {
        var count = 0
        for child in bindings.inheritSources.range where analysis.sourceBindings[child] >= 0 {
            slots[Int(analysis.sourceBindings[child])] = Int32(truncatingIfNeeded: builder.height)
            try generateLazily(tree.children[child])
            count += 1
        }
        return count
    }

    /// Pushes the value of one attribute.
    private mutating func pushValue(_ index: Int, _ bindings: Bindings) throws(BuilderError) {
        let attribute = tree.attributes[index]
        if analysis.functionOfAttribute[index] >= 0 {
            return try makeFunction(FunctionID(Int(analysis.functionOfAttribute[index])), at: attribute.span)
        }
        switch attribute.value {
        case .expression(let node): try generateLazily(node)
        case .inherited: try readLazily(analysis.resolution(ofAttribute: index), at: attribute.span)
        case .inheritedFrom(let source):
            let child = Int(bindings.inheritSources.start) + Int(source)
            if analysis.sourceBindings[child] >= 0 {
                try read(BindingID(Int(analysis.sourceBindings[child])), at: attribute.span)
            } else {
                try generateLazily(tree.children[child])
            }
            try selectLazily(attribute.name, at: attribute.span)
        }
    }

    /// Generates the thunk of one `inherit (e) name;`.
    mutating func generateInheritedFrom(_ index: Int, _ source: NodeID) throws(BuilderError) {
        let attribute = tree.attributes[index]
        if case .binding(let binding) = analysis.resolution(of: source), case .identifier = tree[source] {
            try select(attribute.name, of: binding, at: attribute.span)
        } else {
            try generate(source, tail: false)
            try emit(.select, .symbol(try programSymbol(attribute.name)), at: attribute.span)
        }
        try emit(.return, at: attribute.span)
    }

    private mutating func emitAttributes(_ bindings: Bindings, at span: Span) throws(BuilderError) {
        var names: [Shape.Name] = []
        nameBytes = Int(bindings.attributes.count) * MemoryLayout<Shape.Name>.stride
        defer { nameBytes = 0 }
        if nameBytes > Self.longList, isStopped() { throw .stopped }
        names.reserveCapacity(Int(bindings.attributes.count))
        for index in bindings.attributes.range {
            let attribute = tree.attributes[index]
            names.append(
                Shape.Name(symbol: try programSymbol(attribute.name), span: SourceSpan(attribute.span)))
        }
        let shape = try program.shape(Shape(names: names))
        try emit(.attributes, .shape(shape, names: names.count), at: span)
    }

    /// Adds the attributes with computed names. A few are added one by one, as in Nix, so that each has its own
    /// position and a name is evaluated after the attributes before it were added. Many are added at once, which copies
    /// the set only once.
    private mutating func addDynamicAttributes(_ bindings: Bindings) throws(BuilderError) {
        let count = Int(bindings.dynamicAttributes.count)
        for index in bindings.dynamicAttributes.range {
            let attribute = tree.dynamicAttributes[index]
            try generate(attribute.name, tail: false)
            try generateLazily(attribute.value)
            if count <= Self.singleDynamicAttributes {
                try emit(.dynamicAttributes, .count(1), at: attribute.span)
            }
        }
        guard count > Self.singleDynamicAttributes else { return }
        let first = tree.dynamicAttributes[Int(bindings.dynamicAttributes.start)]
        try emit(.dynamicAttributes, .count(count), at: first.span)
    }

    private static let singleDynamicAttributes = 8

    /// Bytes of a list that gets a poll of its own before it is made.
    static let longList = 1 << 16

    mutating func closeScope(_ count: Int, at span: Span) throws(BuilderError) {
        guard count > 0 else { return }
        try emit(.closeScope, .count(count), at: span)
    }
}
