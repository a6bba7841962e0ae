/// Prints values without forcing anything and without native recursion.
struct ValuePrinter {
    /// How much is shown, and what stands for functions and thunks.
    enum Style {
        /// The result of `nix-instantiate --eval`: everything, `<LAMBDA>`, `<CODE>`.
        case result
        /// `trace` and messages: `«lambda @ ...»`, `«thunk»`.
        case trace
        /// Inside messages: as `trace`, cut after ten attributes or elements and a few levels.
        case errors
    }

    /// One step of the work left.
    private enum Work {
        case value(Value, depth: Int)
        case text([UInt8])
        /// Leaves a container: it may be printed again elsewhere only as `«repeated»` while it is open.
        case leave(UInt64)
    }

    private let vm: VM
    private let style: Style
    /// Bytes after which printing stops with `...`.
    private let limit: Int
    private var out: [UInt8] = []
    private var work: [Work] = []
    private var seen: Set<UInt64> = []

    init(_ vm: VM, _ style: Style, limit: Int = .max) {
        self.vm = vm
        self.style = style
        self.limit = style == .errors ? min(limit, 4096) : limit
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
            case .text(let bytes): copy.out += bytes
            case .leave(let bits): if style != .result { copy.seen.remove(bits) }
            case .value(let value, let depth): copy.print(value, depth)
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
        case Tag.string: ValuePrinter.quote(value.object.byteBuffer, into: &out)
        case Tag.thunk:
            let isOpen = value.object.kind == Kind.blackhole
            text(style == .result ? "<CODE>" : isOpen ? "«potential infinite recursion»" : "«thunk»")
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

    /// Whether the container is open or was printed before; else notes it.
    private mutating func isRepeated(_ value: Value) -> Bool {
        if value.object.field == 0 { return false }
        if seen.insert(value.bits).inserted { return false }
        text("«repeated»")
        return true
    }

    private mutating func printList(_ value: Value, _ depth: Int) {
        if style == .errors, depth > 4 { return text("[ ... ]") }
        if isRepeated(value) { return }
        text("[ ")
        work.append(.leave(value.bits))
        work.append(.text([UInt8(ascii: "]")]))
        let count = value.object.field
        let shown = style == .errors ? min(count, 10) : count
        if shown < count { work.append(.text(Array("«\(count - shown) items elided» ".utf8))) }
        for index in (0..<shown).reversed() {
            work.append(.text([UInt8(ascii: " ")]))
            work.append(.value(value.object.values[index], depth: depth + 1))
        }
    }

    private mutating func printSet(_ value: Value, _ depth: Int) {
        if style == .errors, depth > 4 { return text("{ ... }") }
        if isRepeated(value) { return }
        text("{ ")
        work.append(.leave(value.bits))
        work.append(.text([UInt8(ascii: "}")]))
        let object = value.object
        let count = object.field
        let shown = style == .errors ? min(count, 10) : count
        if shown < count { work.append(.text(Array("«\(count - shown) attributes elided» ".utf8))) }
        let entries = object.layout.entries
        let order = (0..<count).sorted { vm.s.pointee.symbols.precedes(entries[$0].symbol, entries[$1].symbol) }
        for index in order.prefix(shown).reversed() {
            work.append(.text(Array("; ".utf8)))
            work.append(.value(object.attributeValues[index], depth: depth + 1))
            var name: [UInt8] = []
            ValuePrinter.name(vm.s.pointee.symbols.bytes(entries[index].symbol), into: &name)
            work.append(.text(name + Array(" = ".utf8)))
        }
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
        let chunk = programs[Int(loaded.program)].program.chunks[Int(loaded.index)]
        let span = applied < chunk.spans.count ? chunk.spans[applied] : chunk.spans.first
        let position = self.position(in: Int(loaded.program), span: span)
        let name = applied == 0 ? chunkName(index).map { String(decoding: $0, as: UTF8.self) + " " } ?? "" : ""
        guard let line = position.line, let column = position.column else {
            return "«lambda \(name)@ \(position.source)»"
        }
        return "«lambda \(name)@ \(position.source):\(line):\(column)»"
    }
}
