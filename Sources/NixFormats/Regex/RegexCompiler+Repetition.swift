/// Repetition: `*`, `+`, `?` and bounds. A bounded expression is copied as often as it may occur.
extension RegexCompiler {
    mutating func quantified(_ atom: Fragment) throws(RegexError) -> Fragment {
        var fragment = atom
        while let byte = current {
            switch byte {
            case UInt8(ascii: "*"): fragment = try repeated(fragment)
            case UInt8(ascii: "+"):
                let loop = try loopNode(over: fragment)
                link(fragment.end, loop)
                fragment.end = loop
                fragment.states += 1
            case UInt8(ascii: "?"): fragment = try optional(fragment)
            case UInt8(ascii: "{"):
                position += 1
                fragment = try bounded(fragment)
                continue
            default: return fragment
            }
            position += 1
        }
        return fragment
    }

    /// Adds a loop node whose body starts where the fragment does. The node after the loop is not linked yet.
    mutating func loopNode(over body: Fragment) throws(RegexError) -> UInt32 {
        try countStates(1)
        if body.firstNode == nodes.count - 1, let set = try setOf(nodes[body.firstNode]) {
            return try add(RegularExpression.Node(operation: .run, argument: set, first: body.start))
        }
        return try add(RegularExpression.Node(operation: .loop, argument: counter(body), first: body.start))
    }

    mutating func counter(_ body: Fragment) -> UInt32 {
        if !body.isNullable { return RegularExpression.none }
        counterCount += 1
        return UInt32(truncatingIfNeeded: counterCount - 1)
    }

    /// The set of bytes that a single node consumes; nil if it consumes none.
    mutating func setOf(_ node: RegularExpression.Node) throws(RegexError) -> UInt32? {
        switch node.operation {
        case .set: return node.argument
        case .byte:
            var bytes = ByteSet()
            bytes.insert(UInt8(truncatingIfNeeded: node.argument))
            return try set(bytes)
        default: return nil
        }
    }

    mutating func repeated(_ body: Fragment) throws(RegexError) -> Fragment {
        let loop = try loopNode(over: body)
        link(body.end, loop)
        return Fragment(
            start: loop, end: loop, firstNode: body.firstNode, states: body.states + 1, isNullable: true)
    }

    mutating func optional(_ body: Fragment) throws(RegexError) -> Fragment {
        try countStates(2)
        let end = try add(RegularExpression.Node(operation: .nothing))
        let loop = try add(
            RegularExpression.Node(operation: .loop, argument: counter(body), next: end, first: body.start))
        link(body.end, end)
        return Fragment(start: loop, end: end, firstNode: body.firstNode, states: body.states + 2, isNullable: true)
    }

    /// Reads the bounds behind a `{`. The required copies come first, then a loop or nested optional copies.
    mutating func bounded(_ body: Fragment) throws(RegexError) -> Fragment {
        guard let least = number() else { throw .invalid }
        var most: Int? = least
        if current == UInt8(ascii: ",") {
            position += 1
            most = number()
        }
        guard current == UInt8(ascii: "}") else { throw .invalid }
        position += 1
        try countStates(1 + multiplied(least, body.states))
        if let most, most < least { throw .invalid }
        let optionals = most.map { $0 - least }
        try countStates(optionals.map { 1 + multiplied($0, body.states + 1) } ?? body.states + 1)
        return try copies(of: body, least: least, optionals: optionals)
    }

    func multiplied(_ a: Int, _ b: Int) -> Int {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? RegularExpression.stateLimit + 1 : min(product, RegularExpression.stateLimit + 1)
    }

    mutating func copies(of body: Fragment, least: Int, optionals: Int?) throws(RegexError) -> Fragment {
        let template = try removeNodes(from: body.firstNode)
        let start = try add(RegularExpression.Node(operation: .nothing))
        var result = Fragment(start: start, end: start, firstNode: Int(start), states: 1, isNullable: true)
        for _ in 0..<least { result = join(result, try copy(template, of: body)) }
        guard let optionals else { return join(result, try loopOver(try copy(template, of: body))) }
        let end = try add(RegularExpression.Node(operation: .nothing))
        for _ in 0..<optionals {
            let part = try copy(template, of: body)
            let loop = try add(
                RegularExpression.Node(operation: .loop, argument: counter(body), next: end, first: part.start))
            link(result.end, loop)
            result.end = part.end
            result.states += part.states + 1
        }
        link(result.end, end)
        result.end = end
        result.states += 1
        return result
    }

    /// Removes the nodes from index `first` on, and returns them.
    mutating func removeNodes(from first: Int) throws(RegexError) -> Buffer<RegularExpression.Node> {
        let count = nodes.count - first
        try charge(1 + count / 8)
        var taken = Buffer<RegularExpression.Node>()
        do throws(WorkStop) {
            try taken.reserve(count, &meter)
            for index in first..<nodes.count { try taken.append(nodes[index], &meter) }
        } catch { throw .stopped(error) }
        nodes.removeLast(count)
        return taken
    }

    /// Repeats a copy whose states were counted before.
    mutating func loopOver(_ body: Fragment) throws(RegexError) -> Fragment {
        let isSingle = body.firstNode == nodes.count - 1
        let loop: UInt32
        if isSingle, let set = try setOf(nodes[body.firstNode]) {
            loop = try add(RegularExpression.Node(operation: .run, argument: set, first: body.start))
        } else {
            loop = try add(RegularExpression.Node(operation: .loop, argument: counter(body), first: body.start))
        }
        link(body.end, loop)
        return Fragment(start: loop, end: loop, firstNode: body.firstNode, states: body.states + 1, isNullable: true)
    }

    mutating func copy(
        _ template: borrowing Buffer<RegularExpression.Node>, of body: Fragment
    ) throws(RegexError) -> Fragment {
        try charge(1 + template.count / 8)
        let shift = UInt32(truncatingIfNeeded: nodes.count) &- UInt32(truncatingIfNeeded: body.firstNode)
        let firstNode = nodes.count
        for index in 0..<template.count {
            var node = template[index]
            if node.next != RegularExpression.none { node.next &+= shift }
            if node.first != RegularExpression.none { node.first &+= shift }
            if node.operation == .loop, node.argument != RegularExpression.none {
                node.argument = UInt32(truncatingIfNeeded: counterCount)
                counterCount += 1
            }
            _ = try add(node)
        }
        return Fragment(
            start: body.start &+ shift, end: body.end &+ shift, firstNode: firstNode, states: body.states,
            isNullable: body.isNullable)
    }

    /// Reads a decimal number; one larger than any pattern allows is capped.
    mutating func number() -> Int? {
        var value: Int?
        while let digit = current, digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") {
            value = min((value ?? 0) * 10 + Int(digit - UInt8(ascii: "0")), RegularExpression.stateLimit * 10)
            position += 1
        }
        return value
    }
}
