import MessageText

/// Prints values without forcing anything and without native recursion.
///
/// A message shows only a part of a value, in time and memory that do not depend on its size. Otherwise all of the
/// value is shown; then the printer polls deadline and cancellation, and its text counts towards the memory limit.
struct ValuePrinter {
    /// How much is shown, and how functions and thunks are printed.
    enum Style {
        /// The result of `nix-instantiate --eval`: everything, with `<LAMBDA>` and `<CODE>`.
        case result
        /// The text of `trace`: everything, with `«lambda @ ...»` and `«thunk»`.
        case trace
        /// Within messages: as `trace`, but within `Bounds.messages`.
        case errors
    }

    /// How much of a value messages show. The bounds are those of Nix (`errorPrintOptions`). Attributes and elements
    /// are counted over the whole value.
    struct Bounds {
        var depth = Int.max
        var attributes = Int.max
        var elements = Int.max
        var stringBytes = Int.max

        static let none = Bounds()
        static let messages = Bounds(depth: 10, attributes: 10, elements: 10, stringBytes: 1_024)
    }

    /// A step of the remaining work.
    private enum Work {
        case value(Value, depth: Int)
        /// The elements from `next` on.
        case list(Value, next: Int, depth: Int)
        /// The attributes from `next` on, in the given order.
        case set(Value, order: [Interpreter.AttributeSlot], next: Int, depth: Int)
    }

    private let interpreter: Interpreter
    private let style: Style
    private let bounds: Bounds
    /// The number of bytes after which printing stops with `...`.
    private let limit: Int
    private var out: [UInt8] = []
    private var work: [Work] = []
    /// The containers printed so far, which print as `«repeated»` when they come again.
    private var seen: Set<UInt64> = []
    private var attributeCount = 0
    private var elementCount = 0
    /// The work done since the last poll: values, and blocks of strings.
    private var unpolled = 0
    /// Why printing ended early.
    private var stopped: FailureKind?

    /// The work between two polls.
    private static let pollInterval = 1_024
    /// The bytes of a string that count as one value.
    private static let blockBytes = 256

    /// Whether printing uses fuel, because a program asked for the text.
    private let isCharged: Bool

    /// - Parameters:
    ///   - limit: The number of bytes after which the text ends in `...`.
    ///   - isCharged: Whether printing uses fuel.
    init(_ interpreter: Interpreter, _ style: Style, limit: Int = .max, isCharged: Bool = false) {
        self.isCharged = isCharged
        self.interpreter = interpreter
        self.style = style
        self.limit = limit
        bounds = style == .errors ? .messages : .none
    }

    /// The text of a value. It ends early, in `...`, when the evaluation must stop.
    func print(_ value: Value) -> [UInt8] {
        var copy = self
        copy.printAll(value)
        if copy.stopped != nil { copy.text("...") }
        return copy.out
    }

    /// The text of a value, or nil with the machine's `failure` set when deadline, cancellation, fuel or memory forbid
    /// it.
    func printed(_ value: Value) -> [UInt8]? {
        var copy = self
        copy.printAll(value)
        switch copy.stopped {
        case nil: return copy.out
        case .memoryExceeded: _ = interpreter.failMemory()
        case .fuelExhausted: _ = interpreter.failFuel()
        case let cause?: _ = interpreter.failInterrupted(cause)
        }
        return nil
    }

    private mutating func printAll(_ value: Value) {
        work = [.value(value, depth: 0)]
        while stopped == nil, let next = work.popLast() {
            if out.count > limit { return text("...") }
            step(1)
            switch next {
            case .value(let value, let depth): print(value, depth)
            case .list(let list, let next, let depth): continueList(list, next, depth)
            case .set(let set, let order, let next, let depth): continueSet(set, order, next, depth)
            }
        }
    }

    /// Counts work, and polls at intervals.
    private mutating func step(_ amount: Int) {
        unpolled += amount
        if isCharged, !interpreter.charge(amount) { stopped = interpreter.machine.failure?.kind ?? .fuelExhausted }
        guard unpolled >= Self.pollInterval else { return }
        unpolled = 0
        // The text is copied when it grows, and both copies exist for a moment.
        let bytes = out.count * 3 + work.count * MemoryLayout<Work>.stride * 2 + seen.count * 32
        stopped = interpreter.machine.interruption() ?? (interpreter.hasRoomOutsideHeap(bytes) ? nil : .memoryExceeded)
    }

    private mutating func text(_ text: String) { out += Array(text.utf8) }

    private mutating func print(_ value: Value, _ depth: Int) {
        let value = value.dereferenced
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
            return text("«primop \(interpreter.machine.builtinName(value.builtinIndex))»")
        }
        text(value.isTrue ? "true" : "false")
    }

    private mutating func printOther(_ value: Value) {
        switch value.object.kind {
        case Kind.float: out += NumberText.general(value.float)
        case Kind.integer: text(String(value.integer))
        case Kind.path: printPath(value.object.byteBuffer)
        default: text("«internal»")
        }
    }

    private mutating func printFunction(_ value: Value) {
        if value.object.kind == Kind.partial, interpreter.partialIsBuiltin(value.object) {
            if style == .result { return text("<PRIMOP-APP>") }
            return text("«partially applied primop \(interpreter.machine.partialName(value.object))»")
        }
        if style == .result { return text("<LAMBDA>") }
        text(interpreter.machine.describeFunction(value))
    }

    private mutating func printString(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count > bounds.stringBytes else {
            if !bytes.isEmpty { step(1) }
            return quoteInBlocks(bytes)
        }
        ValuePrinter.quote(UnsafeBufferPointer(rebasing: bytes[..<bounds.stringBytes]), into: &out)
        text(" ")
        printElided(bytes.count - bounds.stringBytes, "byte")
    }

    private mutating func printPath(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count > bounds.stringBytes else {
            return inBlocks(bytes) { block, out in out.append(contentsOf: block) }
        }
        out += MessageText.excerpt(bytes)
    }

    /// Appends an attribute name, which is quoted if it is not an identifier.
    private mutating func printName(_ bytes: UnsafeBufferPointer<UInt8>) {
        let shown = UnsafeBufferPointer(rebasing: bytes[..<min(bytes.count, bounds.stringBytes)])
        if ValuePrinter.isIdentifier(shown) {
            inBlocks(shown) { block, out in out.append(contentsOf: block) }
        } else {
            quoteInBlocks(shown)
        }
        guard shown.count < bytes.count else { return }
        text(" ")
        printElided(bytes.count - shown.count, "byte")
    }

    /// Writes a string literal in blocks.
    private mutating func quoteInBlocks(_ bytes: UnsafeBufferPointer<UInt8>) {
        out.append(UInt8(ascii: "\""))
        inBlocks(bytes) { block, out in ValuePrinter.escape(block, into: &out) }
        out.append(UInt8(ascii: "\""))
    }

    /// Writes bytes in blocks, and polls between them. No block ends in a dollar sign, because `${` is escaped only
    /// where both bytes are in one block.
    private mutating func inBlocks(
        _ bytes: UnsafeBufferPointer<UInt8>, _ write: (UnsafeBufferPointer<UInt8>, inout [UInt8]) -> Void
    ) {
        var start = 0
        while start < bytes.count, stopped == nil, out.count <= limit {
            var end = min(bytes.count, start + Self.pollInterval * Self.blockBytes)
            while end < bytes.count, bytes[end - 1] == UInt8(ascii: "$") { end += 1 }
            step((end - start) / Self.blockBytes)
            if stopped != nil { return }
            write(UnsafeBufferPointer(rebasing: bytes[start..<end]), &out)
            start = end
        }
    }

    private mutating func printElided(_ count: Int, _ noun: String) {
        text("«\(count) \(noun)\(count == 1 ? "" : "s") elided»")
    }

    /// Whether the container was printed before; if not, it is recorded. As in Nix, all empty sets count as the same
    /// one, except in results.
    private mutating func isRepeated(_ value: Value) -> Bool {
        if value.object.field == 0 {
            if style == .result || value.isList { return false }
            if seen.insert(interpreter.state.pointee.emptyAttributes.bits).inserted { return false }
        } else if seen.insert(value.withoutFlattened.bits).inserted {
            return false
        }
        text("«repeated»")
        return true
    }

    private mutating func printList(_ value: Value, _ depth: Int) {
        // Nix identifies a list by the value that holds it, and the value of a result is always its own.
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

    /// The attributes in the order they are printed: by name. If not all of them are shown, `type` and `_type` come
    /// first, and only as many others are found as can be shown.
    private func order(_ set: Object) -> [Attribute] {
        let attributes = interpreter.slots(of: set)
        guard bounds.attributes < .max else {
            if let order = interpreter.knownNameOrder(of: set) {
                return (0..<set.field).map { attributes[Int(order[$0])] }
            }
            return attributes.sorted(by: precedes)
        }
        let important = attributes.filter { isImportant($0) }.sorted(by: precedes)
        return important + firstByName(attributes, maximum: bounds.attributes + 2).filter { !isImportant($0) }
    }

    private typealias Attribute = Interpreter.AttributeSlot

    private func precedes(_ a: Attribute, _ b: Attribute) -> Bool {
        interpreter.state.pointee.symbols.precedes(a.entry.symbol, b.entry.symbol)
    }

    private func isImportant(_ attribute: Attribute) -> Bool {
        attribute.entry.symbol == Symbols.type || attribute.entry.symbol == Symbols.kind
    }

    /// The first `maximum` attributes by name, in that order.
    private func firstByName(_ attributes: [Attribute], maximum: Int) -> [Attribute] {
        var first: [Attribute] = []
        for attribute in attributes {
            var rank = first.count
            while rank > 0, precedes(attribute, first[rank - 1]) { rank -= 1 }
            guard rank < maximum else { continue }
            if first.count == maximum { first.removeLast() }
            first.insert(attribute, at: rank)
        }
        return first
    }

    private mutating func continueSet(_ set: Value, _ order: [Attribute], _ next: Int, _ depth: Int) {
        if next > 0 {
            text(";")
            attributeCount += 1
        }
        guard next < set.object.field else { return text(" }") }
        text(" ")
        guard attributeCount < bounds.attributes else {
            printElided(set.object.field - next, "attribute")
            return text(" }")
        }
        printName(interpreter.state.pointee.symbols.bytes(order[next].entry.symbol))
        text(" = ")
        work.append(.set(set, order: order, next: next + 1, depth: depth))
        work.append(.value(order[next].slot.pointee, depth: depth + 1))
    }

    /// The length of `inherit`.
    private static let longestKeyword = 7

    /// Appends a string literal, escaped as Nix does.
    private static func quote(_ bytes: UnsafeBufferPointer<UInt8>, into out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        escape(bytes, into: &out)
        out.append(UInt8(ascii: "\""))
    }

    private static func escape(_ bytes: UnsafeBufferPointer<UInt8>, into out: inout [UInt8]) {
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
    }

    /// An attribute name for a message, which is quoted if it is not an identifier, and cut by the rule of `MessageText`.
    static func shownName(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        guard bytes.count <= MessageText.longestWhole, !isIdentifier(bytes) else { return MessageText.excerpt(bytes) }
        var out: [UInt8] = []
        quote(bytes, into: &out)
        return out
    }

    private static let keywords: Set<String> = [
        "if", "then", "else", "assert", "with", "let", "in", "rec", "inherit",
    ]

    /// Whether a name is written without quotes.
    private static func isIdentifier(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = bytes.first, isLetter(first) || first == UInt8(ascii: "_") else { return false }
        let isWord = bytes.allSatisfy {
            isLetter($0) || $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") || $0 == UInt8(ascii: "_")
                || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "'")
        }
        return isWord && (bytes.count > longestKeyword || !keywords.contains(String(decoding: bytes, as: UTF8.self)))
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") || byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
    }
}

extension Machine {
    func builtinName(_ index: Int) -> String { BuiltinTable.name(index) }

    func partialName(_ object: Object) -> String {
        var function = object.values[0]
        while function.tag == Tag.function, function.object.kind == Kind.partial {
            function = function.object.values[0]
        }
        return function.isBuiltin ? builtinName(function.builtinIndex) : "lambda"
    }

    /// `«lambda f @ file:line:column»`. For a partial application the position is that of the next parameter.
    func describeFunction(_ value: Value) -> String {
        var applied = 0
        var function = value
        while function.tag == Tag.function, function.object.kind == Kind.partial {
            applied += function.object.captureCount - 1
            function = function.object.values[0]
        }
        guard function.tag == Tag.function else { return "«lambda»" }
        let index = function.object.field
        let loaded = state.pointee.chunks[index]
        guard index > 0, Int(loaded.program) < programs.count else { return "«lambda»" }
        let chunk = programs[Int(loaded.program)].chunk(Int(loaded.index))
        let span = applied < chunk.spans.count ? chunk.spans[applied] : chunk.spans.first
        let position = self.position(in: Int(loaded.program), span: span)
        let name = applied == 0 ? chunkName(index).map { MessageText.shortened($0) + " " } ?? "" : ""
        guard let line = position.line, let column = position.column else {
            return "«lambda \(name)@ \(position.source)»"
        }
        return "«lambda \(name)@ \(position.source):\(line):\(column)»"
    }
}
