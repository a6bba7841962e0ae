import MessageText

/// Nix's rules for `a.b = e`: nested sets are made as needed, two sets under one name are merged, anything else is a
/// duplicate. The second set's `rec` is ignored, as Nix ignores it.
extension Parser {
    /// Defines the attribute whose path is pending from `mark` on.
    mutating func define(_ mark: UInt32, in group: BindingsID, value: NodeID, span: Span) throws(Failure) {
        let mark = Int(mark)
        let last = pendingNames.count &- 1
        var group = group
        var below = depth(value) &+ last &- mark
        if last > mark { below = try depthOfPath(mark, value, span) }
        for index in mark..<last {
            bindings.deepen(group, to: below)
            group = try nestedGroup(index, mark, in: group, below: below, span: span)
            below &-= 1
        }
        bindings.deepen(group, to: below)
        switch pendingNames[last] {
        case .fixed(let name, _):
            let attribute = Attribute(name: name, span: span, value: .expression(value))
            guard let entry = bindings.insert(attribute, into: group) else { return }
            try merge(attribute, into: entry, mark)
        case .dynamic(let name, _):
            bindings.deepen(group, to: depth(name))
            bindings.append(DynamicAttribute(name: name, span: span, value: value), to: group)
        }
    }

    /// How deep the outermost of a path's sets gets below itself.
    private func depthOfPath(_ mark: Int, _ value: NodeID, _ span: Span) throws(Failure) -> Int {
        var deepest = depth(value)
        for index in mark..<pendingNames.count {
            if case .dynamic(let name, _) = pendingNames[index] { deepest = max(deepest, depth(name)) }
        }
        let result = deepest &+ pendingNames.count &- 1 &- mark
        try checkDepth(result, span)
        return result
    }

    /// The set under one name of a path, made if there is none.
    private mutating func nestedGroup(
        _ index: Int, _ mark: Int, in group: BindingsID, below: Int, span: Span
    ) throws(Failure) -> BindingsID {
        switch pendingNames[index] {
        case .dynamic(let name, _):
            let (node, nested) = makeNestedSet(below, span)
            bindings.append(DynamicAttribute(name: name, span: span, value: node), to: group)
            return nested
        case .fixed(let name, _):
            if let entry = bindings.find(name, in: group) {
                guard let (node, nested) = set(bindings.attribute(entry)) else {
                    throw duplicate(pathText(mark...index), span, earlier: entry)
                }
                deepen(node, to: below)
                return nested
            }
            let (node, nested) = makeNestedSet(below, span)
            _ = bindings.insert(Attribute(name: name, span: span, value: .expression(node)), into: group)
            return nested
        }
    }

    private mutating func makeNestedSet(_ depth: Int, _ span: Span) -> (NodeID, BindingsID) {
        let group = bindings.makeGroup()
        return (add(.attributeSet(bindings: group, recursive: false), span, span.start, depth), group)
    }

    /// The set that an attribute is bound to, if it is one.
    private func set(_ attribute: Attribute) -> (NodeID, BindingsID)? {
        guard case .expression(let node) = attribute.value,
            case .attributeSet(let group, _) = nodes[Int(node.rawValue)]
        else { return nil }
        return (node, group)
    }

    private mutating func deepen(_ node: NodeID, to depth: Int) {
        if depth > self.depth(node) { depths[Int(node.rawValue)] = UInt16(truncatingIfNeeded: depth) }
    }

    /// One set whose attributes are being moved into another.
    private struct Merge {
        var source: BindingsID
        var target: BindingsID
        /// What is left to move, last first.
        var attributes: [Attribute]
        /// What the source's `inherit (e)` are counted from in the target.
        var firstSource: UInt32
    }

    /// Moves the attributes of a set into the set that an earlier definition made.
    private mutating func merge(_ attribute: Attribute, into entry: UInt32, _ mark: Int) throws(Failure) {
        let names = mark..<pendingNames.count
        var path: [SymbolID] = []
        var stack = [try beginMerge(attribute, into: entry, names, path)]
        while var current = stack.popLast() {
            try work(1)
            guard var next = current.attributes.popLast() else {
                bindings.moveRest(of: current.source, to: current.target)
                if !path.isEmpty { path.removeLast() }
                continue
            }
            if case .inheritedFrom(let number) = next.value {
                next.value = .inheritedFrom(number &+ current.firstSource)
            }
            stack.append(current)
            if let entry = bindings.insert(next, into: current.target) {
                path.append(next.name)
                stack.append(try beginMerge(next, into: entry, names, path))
            }
        }
    }

    /// Nix goes through a set's attributes in the order in which their names first appeared in the source.
    private mutating func beginMerge(
        _ attribute: Attribute, into entry: UInt32, _ names: Range<Int>, _ path: [SymbolID]
    ) throws(Failure) -> Merge {
        let earlier = bindings.attribute(entry)
        guard let (node, target) = set(earlier), let (other, source) = set(attribute) else {
            var text = pathText(names.lowerBound...(names.upperBound &- 1))
            for name in path where text.count <= MessageText.longestWhole { text += [UInt8(ascii: ".")] + quoted(name) }
            throw duplicate(text, attribute.span, earlier: entry)
        }
        deepen(node, to: depth(other))
        // A list of them, twice while it is sorted, and as many entries of the other set.
        try poll(taking: bindings.attributeCount(of: source) &* 4 &* MemoryLayout<Attribute>.stride)
        var attributes = bindings.attributes(of: source)
        try attributes.sortInSteps(by: { $0.name.rawValue > $1.name.rawValue }) { () throws(Failure) in try poll() }
        return Merge(
            source: source, target: target, attributes: attributes,
            firstSource: bindings.rarity(of: target).sourceCount)
    }

    /// The names of a pending path as Nix shows them.
    private func pathText(_ names: ClosedRange<Int>) -> [UInt8] {
        var text: [UInt8] = []
        for index in names where text.count <= MessageText.longestWhole {
            if index > names.lowerBound { text.append(UInt8(ascii: ".")) }
            switch pendingNames[index] {
            case .fixed(let name, _): text += quoted(name)
            case .dynamic(_, let span): text += lexer.bytes.quote(Int(span.start), Int(span.end))
            }
        }
        return text
    }

    func duplicate(_ path: [UInt8], _ span: Span, earlier entry: UInt32) -> Failure {
        Failure(
            .duplicateAttribute, "attribute '\(MessageText.shortened(path))' already defined", at: span,
            previous: bindings.attribute(entry).span.start)
    }
}
