/// Prints values without forcing anything and without native recursion.
struct ValuePrinter {
    /// How much is shown, and what stands for functions and thunks.
    enum Style {
        /// The result of `nix-instantiate --eval`: everything, `<LAMBDA>`, `<CODE>`.
        case result
        /// `trace`: `«lambda @ ...»`, `«thunk»`.
        case trace
        /// Inside messages: as `trace`, within the bounds of `Bounds.messages`.
        case errors
    }

    /// How much of a value messages show. The bounds are those of Nix (`errorPrintOptions`): attributes and elements are
    /// counted over the whole value, once they are printed.
    struct Bounds {
        var depth = Int.max
        var attributes = Int.max
        var elements = Int.max
        var stringBytes = Int.max

        static let none = Bounds()
        static let messages = Bounds(depth: 10, attributes: 10, elements: 10, stringBytes: 1_024)
    }

    /// One step of the work left.
    private enum Work {
        case value(Value, depth: Int)
        /// Elements from `next` on; those before are printed.
        case list(Value, next: Int, depth: Int)
        /// The same of a set, whose attributes are printed in the given order.
        case set(Value, order: [Int], next: Int, depth: Int)
    }

    private let vm: VM
    private let style: Style
    private let bounds: Bounds
    /// Bytes after which printing stops with `...`.
    private let limit: Int
    private var out: [UInt8] = []
    private var work: [Work] = []
    /// Containers printed before: they print as `«repeated»`.
    private var seen: Set<UInt64> = []
    private var attributeCount = 0
    private var elementCount = 0

    init(_ vm: VM, _ style: Style, limit: Int = .max) {
        self.vm = vm
        self.style = style
        self.limit = limit
        bounds = style == .errors ? .messages : .none
    }

    func print(_ value: Value) -> [UInt8] {
        var copy = self
        copy.work = [.value(value, depth: 0)]
        while let next = copy.work.popLast() {
            if copy.out.count > limit {
                copy.text("...")
                break
            }
            switch next {
            case .value(let value, let depth): copy.print(value, depth)
            case .list(let list, let next, let depth): copy.continueList(list, next, depth)
            case .set(let set, let order, let next, let depth): copy.continueSet(set, order, next, depth)
            }
        }
        return copy.out
    }

    private mutating func text(_ text: String) { out += Array(text.utf8) }

    private mutating func print(_ value: Value, _ depth: Int) {
        var value = value
        if value.isThunk, value.object.kind == Kind.indirection { value = Value(bits: value.object[1]) }
        switch value.tag {
        case Tag.integer: text(String(value.small))
        case Tag.immediate: printImmediate(value)
        case Tag.string: printString(value.object.byteBuffer)
        case Tag.thunk:
            let isOpen = value.object.kind == Kind.blackhole
            text(isOpen ? "«potential infinite recursion»" : style == .result ? "<CODE>" : "«thunk»")
        case Tag.list: printList(value, depth)
        case Tag.attributes: printSet(value, depth)
        case Tag.function: printFunction(value)
        default: printOther(value)
        }
    }

    private mutating func printImmediate(_ value: Value) {
        if value.isNull { return text("null") }
        if value.isBuiltin {
            if style == .result { return text("<PRIMOP>") }
            return text("«primop \(vm.machine.builtinName(value.builtinIndex))»")
        }
        text(value.isTrue ? "true" : "false")
    }

    private mutating func printOther(_ value: Value) {
        switch value.object.kind {
        case Kind.float: out += NumberText.general(value.float)
        case Kind.integer: text(String(value.integer))
        case Kind.path: out += Array(value.object.byteBuffer)
        default: text("«internal»")
        }
    }

    private mutating func printFunction(_ value: Value) {
        if value.object.kind == Kind.partial, vm.partialIsBuiltin(value.object) {
            if style == .result { return text("<PRIMOP-APP>") }
            return text("«partially applied primop \(vm.machine.partialName(value.object))»")
        }
        if style == .result { return text("<LAMBDA>") }
        text(vm.machine.describeFunction(value))
    }

    private mutating func printString(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count > bounds.stringBytes else { return ValuePrinter.quote(bytes, into: &out) }
        ValuePrinter.quote(UnsafeBufferPointer(rebasing: bytes[..<bounds.stringBytes]), into: &out)
        text(" ")
        printElided(bytes.count - bounds.stringBytes, "byte")
    }

    private mutating func printElided(_ count: Int, _ noun: String) {
        text("«\(count) \(noun)\(count == 1 ? "" : "s") elided»")
    }

    /// Whether the container was printed before; else notes it. Nix takes all empty sets for one, but in results.
    private mutating func isRepeated(_ value: Value) -> Bool {
        if value.object.field == 0 {
            if style == .result || value.isList { return false }
            if seen.insert(vm.s.pointee.emptyAttributes.bits).inserted { return false }
        } else if seen.insert(value.bits).inserted {
            return false
        }
        text("«repeated»")
        return true
    }

    private mutating func printList(_ value: Value, _ depth: Int) {
        // Nix knows a list by the place that holds it, and a result has one of its own.
        if depth > 0 || style != .result, isRepeated(value) { return }
        if depth >= bounds.depth { return text("[ ... ]") }
        text("[")
        work.append(.list(value, next: 0, depth: depth))
    }

    private mutating func continueList(_ list: Value, _ next: Int, _ depth: Int) {
        if next > 0 { elementCount += 1 }
        let count = list.object.field
        guard next < count else { return text(" ]") }
        text(" ")
        guard elementCount < bounds.elements else {
            printElided(count - next, "item")
            return text(" ]")
        }
        work.append(.list(list, next: next + 1, depth: depth))
        work.append(.value(list.object.values[next], depth: depth + 1))
    }

    private mutating func printSet(_ value: Value, _ depth: Int) {
        if isRepeated(value) { return }
        if depth >= bounds.depth { return text("{ ... }") }
        text("{")
        work.append(.set(value, order: order(value.object), next: 0, depth: depth))
    }

    /// The attributes by name; where not all are shown, what says what the set is comes first.
    private func order(_ set: Object) -> [Int] {
        let entries = set.layout.entries
        var order = (0..<set.field).sorted { vm.s.pointee.symbols.precedes(entries[$0].symbol, entries[$1].symbol) }
        if bounds.attributes < .max {
            let important = order.filter { index in
                let name = vm.s.pointee.symbols.bytes(entries[index].symbol)
                return name.elementsEqual("type".utf8) || name.elementsEqual("_type".utf8)
            }
            if !important.isEmpty { order = important + order.filter { !important.contains($0) } }
        }
        return order
    }

    private mutating func continueSet(_ set: Value, _ order: [Int], _ next: Int, _ depth: Int) {
        if next > 0 {
            text(";")
            attributeCount += 1
        }
        guard next < order.count else { return text(" }") }
        text(" ")
        guard attributeCount < bounds.attributes else {
            printElided(order.count - next, "attribute")
            return text(" }")
        }
        let index = order[next]
        ValuePrinter.name(vm.s.pointee.symbols.bytes(set.object.layout.entries[index].symbol), into: &out)
        text(" = ")
        work.append(.set(set, order: order, next: next + 1, depth: depth))
        work.append(.value(set.object.attributeValues[index], depth: depth + 1))
    }

    /// A string literal, escaped as Nix escapes it.
    static func quote(_ bytes: UnsafeBufferPointer<UInt8>, into out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): out += Array("\\n".utf8)
            case UInt8(ascii: "\r"): out += Array("\\r".utf8)
            case UInt8(ascii: "\t"): out += Array("\\t".utf8)
            case UInt8(ascii: "$") where index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "{"):
                out += Array("\\$".utf8)
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }

    private static let keywords: Set<String> = [
        "if", "then", "else", "assert", "with", "let", "in", "rec", "inherit",
    ]

    /// An attribute name, quoted where it is no identifier.
    static func name(_ bytes: UnsafeBufferPointer<UInt8>, into out: inout [UInt8]) {
        let isIdentifier =
            bytes.first.map { isLetter($0) || $0 == UInt8(ascii: "_") } ?? false
            && bytes.allSatisfy {
                isLetter($0) || $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") || $0 == UInt8(ascii: "_")
                    || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "'")
            }
        if isIdentifier, !keywords.contains(String(decoding: bytes, as: UTF8.self)) {
            out += Array(bytes)
        } else {
            quote(bytes, into: &out)
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") || byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
    }
}

extension Machine {
    func builtinName(_ index: Int) -> String { builtinNames[index] }

    func partialName(_ object: Object) -> String {
        var function = object.values[0]
        while function.tag == Tag.function, function.object.kind == Kind.partial {
            function = function.object.values[0]
        }
        return function.isBuiltin ? builtinName(function.builtinIndex) : "lambda"
    }

    /// `«lambda f @ file:line:column»`; of a partly applied function, where the part still to be called stands.
    func describeFunction(_ value: Value) -> String {
        var applied = 0
        var function = value
        while function.tag == Tag.function, function.object.kind == Kind.partial {
            applied += function.object.captureCount - 1
            function = function.object.values[0]
        }
        guard function.tag == Tag.function else { return "«lambda»" }
        let index = function.object.field
        let loaded = s.pointee.chunks[index]
        guard index > 0, Int(loaded.program) < programs.count else { return "«lambda»" }
        let chunk = programs[Int(loaded.program)].chunk(Int(loaded.index))
        let span = applied < chunk.spans.count ? chunk.spans[applied] : chunk.spans.first
        let position = self.position(in: Int(loaded.program), span: span)
        let name = applied == 0 ? chunkName(index).map { String(decoding: $0, as: UTF8.self) + " " } ?? "" : ""
        guard let line = position.line, let column = position.column else {
            return "«lambda \(name)@ \(position.source)»"
        }
        return "«lambda \(name)@ \(position.source):\(line):\(column)»"
    }
}
