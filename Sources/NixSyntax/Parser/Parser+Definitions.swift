import MessageText

/// Nix's rules for `a.b = e`. Nested sets are created as needed; two sets of the same name are merged, where the `rec`
/// of the second is ignored; everything else is a duplicate definition.
extension Parser {
    /// Defines the attribute whose path is the pending names from `mark` on.
    mutating func define(_ mark: UInt32, in group: BindingsID, value: NodeID, span: Span) throws(ParseFailure) {
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

    /// The depth of a path's outermost nested set below the group.
    @inline(__always)
    private func depthOfPath(_ mark: Int, _ value: NodeID, _ span: Span) throws(ParseFailure) -> Int {
        var deepest = depth(value)
        for index in mark..<pendingNames.count {
            if case .dynamic(let name, _) = pendingNames[index] { deepest = max(deepest, depth(name)) }
        }
        let result = deepest &+ pendingNames.count &- 1 &- mark
        try checkDepth(result, span)
        return result
    }

    /// The binding group of the set under one name of a path, which is created if there is none.
    private mutating func nestedGroup(
        _ index: Int, _ mark: Int, in group: BindingsID, below: Int, span: Span
    ) throws(ParseFailure) -> BindingsID {
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

    /// The attribute set that an attribute is bound to; nil if it is bound to anything else.
    private func set(_ attribute: Attribute) -> (NodeID, BindingsID)? {
        guard case .expression(let node) = attribute.value,
            case .attributeSet(let group, _) = nodes[Int(node.rawValue)]
        else { return nil }
        return (node, group)
    }

    private mutating func deepen(_ node: NodeID, to depth: Int) {
        if depth > self.depth(node) { depths[Int(node.rawValue)] = UInt16(truncatingIfNeeded: depth) }
    }

    /// A set whose attributes are being moved into another one.
    private struct Merge {
        var source: BindingsID
        var target: BindingsID
        /// The attributes still to be moved, last first.
        var attributes: [Attribute]
        /// The index in the target of the source's first `inherit (e)`.
        var firstSource: UInt32
    }

    /// Moves the attributes of a set into the set of an earlier definition. Nested sets are merged with a stack instead
    /// of recursion.
    private mutating func merge(_ attribute: Attribute, into entry: UInt32, _ mark: Int) throws(ParseFailure) {
        let names = mark..<pendingNames.count
        var path: [SymbolID] = []
        var stack = [try beginMerge(attribute, into: entry, names, path)]
        while var current = stack.popLast() {
            try charge(1)
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

    /// Starts to merge one set. Nix merges attributes in the order in which their names first appeared in the source,
    /// which decides the duplicate that it reports.
    private mutating func beginMerge(
        _ attribute: Attribute, into entry: UInt32, _ names: Range<Int>, _ path: [SymbolID]
    ) throws(ParseFailure) -> Merge {
        let earlier = bindings.attribute(entry)
        guard let (node, target) = set(earlier), let (other, source) = set(attribute) else {
            var text = pathText(names.lowerBound...(names.upperBound &- 1))
            for name in path where text.count <= MessageText.longestWhole { text += [UInt8(ascii: ".")] + quoted(name) }
            throw duplicate(text, attribute.span, earlier: entry)
        }
        deepen(node, to: depth(other))
        // The attribute list exists twice while it is sorted, and the other set gains as many entries.
        try poll(taking: bindings.attributeCount(of: source) &* 4 &* MemoryLayout<Attribute>.stride)
        var attributes = bindings.attributes(of: source)
        try attributes.sortInSteps(by: { $0.name.rawValue > $1.name.rawValue }) { () throws(ParseFailure) in try poll()
        }
        return Merge(
            source: source, target: target, attributes: attributes,
            firstSource: bindings.extras(of: target).sourceCount)
    }

    /// An attribute path as Nix shows it in messages, up to a little more than `MessageText.longestWhole` bytes.
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

    func duplicate(_ path: [UInt8], _ span: Span, earlier entry: UInt32) -> ParseFailure {
        ParseFailure(
            .duplicateAttribute, "attribute '\(MessageText.shortened(path))' already defined", at: span,
            previous: bindings.attribute(entry).span.start)
    }
}
