import MessageText
import NixFormats
import NixStore

/// Reads a derivation from the attributes given to `derivationStrict` and from the strings that these were coerced to.
///
/// It refers to the heap, so it is valid only until the next allocation.
struct DerivationReader {
    let interpreter: Interpreter
    private let set: Object
    /// The results by index in the order of names: a string, a boolean, an array for `args`, or null for an attribute
    /// that is left out.
    private let found: Slot
    private let order: UnsafePointer<UInt32>?
    let isStructured: Bool

    init(_ interpreter: Interpreter, set: Object, found: Slot, isStructured: Bool) {
        self.interpreter = interpreter
        self.set = set
        self.found = found
        self.isStructured = isStructured
        order = interpreter.nameOrder(of: set)
    }

    /// The checked contents of the attributes.
    struct Parts {
        var name: UnsafeBufferPointer<UInt8>
        var system = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        var builder = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        /// The names of the outputs, sorted; empty for `out` alone.
        var outputs: [UnsafeBufferPointer<UInt8>] = []
        var arguments: [UnsafeBufferPointer<UInt8>] = []
        var variables: [(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>)] = []
        /// The variable `__json`, if the attributes are structured.
        var json: [UInt8]?
        /// What `requiredSystemFeatures` says.
        var requiredFeatures: [[UInt8]] = []
        var addressing = OutputAddressing.inputs
        /// The bits of the elements of all contexts.
        var context: [UInt64] = []
        /// The bytes of all strings.
        var size = 0

        /// The number of outputs, and the bytes of their names.
        var outputSizes: (count: Int, nameBytes: Int) {
            outputs.isEmpty ? (1, 3) : (outputs.count, outputs.reduce(0) { $0 + $1.count })
        }

        fileprivate var isContentAddressed = false
        fileprivate var isImpure = false
        var hash: [UInt8]?
        fileprivate var algorithm: HashAlgorithm?
        fileprivate var method: ContentAddressMethod?
        fileprivate var lastContext = Value.null
        fileprivate var contextLimit = 1 << 12

        /// Sorts the elements of the context and removes duplicates.
        fileprivate mutating func joinContext() {
            if context.count < 2 { return }
            context.sort()
            var last: UInt64 = 0
            context.removeAll { bits in
                defer { last = bits }
                return bits == last
            }
            contextLimit = max(1 << 12, 2 * context.count)
        }
    }

    /// The bytes of all strings, computed before any of them is copied.
    func textBytes() -> Int {
        var bytes = 0
        for index in 0..<set.field where !found[index].isNull && !found[index].isBool {
            let object = found[index].object
            guard object.kind == Kind.array else {
                bytes += object.field + 16
                continue
            }
            for argument in 0..<object.field { bytes += object.values[argument].object.field + 16 }
        }
        return bytes
    }

    /// The most bytes that the names of outputs take while they are read. A text has at most half as many words as
    /// bytes.
    func outputWordBytes() -> Int {
        guard let order else { return 0 }
        for index in 0..<set.field where set.layout.entries[Int(order[index])].symbol == Symbols.outputs {
            return found[index].isString ? found[index].object.field / 2 * Self.wordBytes : 0
        }
        return 0
    }

    /// The bytes of an array with a word, and of its entries in a list, a sorted list and a set.
    private static let wordBytes = 128

    func read() throws -> Parts {
        guard let order, let name = interpreter.lookup(set, Symbols.name) else { throw Failed() }
        var parts = Parts(name: name.pointee.object.byteBuffer)
        parts.variables.reserveCapacity(set.field)
        if isStructured { parts.json = [UInt8(ascii: "{")] }
        for index in 0..<set.field {
            let slot = Int(order[index])
            try read(set.layout.entries[slot].symbol, set.attributeValues[slot], found[index], &parts)
        }
        parts.joinContext()
        parts.json?.append(UInt8(ascii: "}"))
        if parts.builder.isEmpty { throw StoreError("required attribute 'builder' missing") }
        if parts.system.isEmpty { throw StoreError("required attribute 'system' missing") }
        parts.addressing = try addressing(parts)
        if StorePath.isDerivation(Array(parts.name)), parts.method != .text || !parts.outputs.isEmpty {
            throw StoreError(
                "derivation names are allowed to end in '.drv' only if they produce a single derivation file")
        }
        return parts
    }

    /// Thrown when the machine's `failure` is set.
    struct Failed: Error {}

    /// Throws what is wrong with one attribute.
    func check(_ symbol: UInt32, _ value: Value, _ found: Value) throws {
        guard let name = interpreter.lookup(set, Symbols.name) else { throw Failed() }
        var parts = Parts(name: name.pointee.object.byteBuffer)
        try read(symbol, value, found, &parts)
    }

    private func read(_ symbol: UInt32, _ value: Value, _ found: Value, _ parts: inout Parts) throws {
        if found.isNull { return }
        switch Symbols(number: symbol) {
        case .contentAddressed: parts.isContentAddressed = found.isTrue
        case .impure: parts.isImpure = found.isTrue
        case .args:
            for index in 0..<found.object.field {
                let argument = found.object.values[index]
                note(argument, &parts)
                parts.arguments.append(argument.object.byteBuffer)
            }
        default:
            note(found, &parts)
            if isStructured {
                addJSON(symbol, found, &parts)
                try readStructured(symbol, value, &parts)
            } else {
                let text = found.object.byteBuffer
                parts.variables.append((interpreter.state.pointee.symbols.bytes(symbol), text))
                try readSpecial(symbol, text, &parts, isPlain: true)
            }
        }
    }

    /// Adds a string's context and size.
    private func note(_ string: Value, _ parts: inout Parts) {
        parts.size += string.object.field + 16
        let context = interpreter.context(of: string)
        if context.isNull || context == parts.lastContext { return }
        parts.lastContext = context
        for index in 0..<context.object.field { parts.context.append(context.object.values[index].bits) }
        if parts.context.count > parts.contextLimit { parts.joinContext() }
    }

    private func addJSON(_ symbol: UInt32, _ text: Value, _ parts: inout Parts) {
        guard var json = parts.json.take() else { return }
        if json.count > 1 { json.append(UInt8(ascii: ",")) }
        JSONText.quote(ByteView(interpreter.state.pointee.symbols.bytes(symbol)), into: &json)
        json.append(UInt8(ascii: ":"))
        json += text.object.byteBuffer
        parts.json = json
    }

    /// Reads the attributes that also matter when all are passed to the builder as JSON. They are strings, and for
    /// `outputs` a list of strings.
    private func readStructured(_ symbol: UInt32, _ value: Value, _ parts: inout Parts) throws {
        var value = value
        if value.isThunk { value = Value(bits: value.object[1]) }
        switch Symbols(number: symbol) {
        case .outputs:
            guard value.isList else { throw failed(interpreter.failExpected("a list", value)) }
            try setOutputs((0..<value.object.field).map { try text(value.object.values[$0]) }, &parts)
        case .builder:
            guard value.isString else { throw failed(interpreter.failExpected("a string", value)) }
            parts.builder = value.object.byteBuffer
        case .system, .outputHash, .outputHashAlgo, .outputHashMode:
            try readSpecial(symbol, try text(value), &parts, isPlain: false)
        case .requiredSystemFeatures: parts.requiredFeatures = strings(value)
        default: break
        }
    }

    /// The strings in a forced list. Other values have no meaning there.
    private func strings(_ list: Value) -> [[UInt8]] {
        guard list.isList else { return [] }
        return (0..<list.object.field).compactMap { index in
            var value = list.object.values[index]
            if value.isThunk { value = Value(bits: value.object[1]) }
            return value.isString ? Array(value.object.byteBuffer) : nil
        }
    }

    /// The bytes of a forced string, which must have no context.
    private func text(_ value: Value) throws -> UnsafeBufferPointer<UInt8> {
        var value = value
        if value.isThunk { value = Value(bits: value.object[1]) }
        guard interpreter.isPlainString(value) else { throw Failed() }
        return value.object.byteBuffer
    }

    private func failed(_ step: Step) -> Failed { Failed() }

    /// Reads an attribute that says something of the derivation itself.
    ///
    /// - Parameter isPlain: whether lists are texts with words in them.
    private func readSpecial(
        _ symbol: UInt32, _ text: UnsafeBufferPointer<UInt8>, _ parts: inout Parts, isPlain: Bool
    ) throws {
        switch Symbols(number: symbol) {
        case .builder: parts.builder = text
        case .system: parts.system = text
        case .requiredSystemFeatures: parts.requiredFeatures = isPlain ? Self.words(text).map { Array($0) } : []
        case .outputs where Self.isOut(text): break
        case .outputs: try setOutputs(isPlain ? Self.words(text) : [], &parts)
        case .outputHash: parts.hash = Array(text)
        // An unknown name counts as none, because the hash may name its algorithm itself.
        case .outputHashAlgo: parts.algorithm = try? HashAlgorithm(name: Array(text))
        case .outputHashMode:
            guard let method = ContentAddressMethod(mode: Array(text)) else {
                throw StoreError(
                    "invalid value '\(MessageText.shortened(text))' for 'outputHashMode' attribute")
            }
            if method == .text, !interpreter.checkFeature("dynamic-derivations", for: Self.textReason(parts.name)) {
                throw Failed()
            }
            if method == .git, !interpreter.checkFeature("git-hashing") { throw Failed() }
            parts.method = method
        default: break
        }
    }

    private static func textReason(_ name: UnsafeBufferPointer<UInt8>) -> String {
        " (text-hashed derivation '\(MessageText.shortened(name))', outputHashMode = \"text\")"
    }

    /// The words that are separated by white space.
    private static func words(_ text: UnsafeBufferPointer<UInt8>) -> [UnsafeBufferPointer<UInt8>] {
        var words: [UnsafeBufferPointer<UInt8>] = []
        var start = 0
        for index in 0...text.count where index == text.count || isSpace(text[index]) {
            if index > start { words.append(UnsafeBufferPointer(rebasing: text[start..<index])) }
            start = index + 1
        }
        return words
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n")
            || byte == UInt8(ascii: "\r")
    }

    private static func isOut(_ name: UnsafeBufferPointer<UInt8>) -> Bool { name.elementsEqual("out".utf8) }

    private func setOutputs(_ names: [UnsafeBufferPointer<UInt8>], _ parts: inout Parts) throws {
        if names.count == 1, Self.isOut(names[0]) {
            parts.outputs = []
            return
        }
        let sorted = names.sorted { compareBytes($0, $1) < 0 }
        if zip(sorted, sorted.dropFirst()).contains(where: { compareBytes($0, $1) == 0 }) {
            throw duplicateOutput(names)
        }
        if names.contains(where: { $0.elementsEqual("drvPath".utf8) }) {
            throw StoreError("invalid derivation output name 'drvPath'")
        }
        if names.isEmpty { throw StoreError("derivation cannot have an empty set of outputs") }
        parts.outputs = sorted
    }

    /// The error about the first name that was given before, or about `drvPath` if that comes first.
    private func duplicateOutput(_ names: [UnsafeBufferPointer<UInt8>]) -> StoreError {
        var seen: Set<[UInt8]> = []
        for name in names {
            if !seen.insert(Array(name)).inserted {
                return StoreError("duplicate derivation output '\(MessageText.shortened(name))'")
            }
            if name.elementsEqual("drvPath".utf8) { break }
        }
        return StoreError("invalid derivation output name 'drvPath'")
    }

    private func addressing(_ parts: Parts) throws -> OutputAddressing {
        if let text = parts.hash {
            guard parts.outputs.isEmpty else {
                throw StoreError("multiple outputs are not supported in fixed-output derivations")
            }
            return .fixed(try hash(text, parts.algorithm), parts.method ?? .flat)
        }
        if parts.isContentAddressed, parts.isImpure {
            throw StoreError("derivation cannot be both content-addressed and impure")
        }
        if parts.isContentAddressed { return .floating(parts.algorithm ?? .sha256, parts.method ?? .nar) }
        if parts.isImpure { return .impure(parts.algorithm ?? .sha256, parts.method ?? .nar) }
        return .inputs
    }

    private func hash(_ text: [UInt8], _ algorithm: HashAlgorithm?) throws -> Hash {
        do throws(StoreError) {
            return try interpreter.parseHash(text, algorithm)
        } catch {
            throw error
        }
    }
}

extension Interpreter {
    /// Prints a warning that an empty text was taken for a hash. This is called last, since a step that runs again
    /// would print it twice.
    func warnOfAssumedHash(_ hash: Hash?) {
        guard let hash else { return }
        machine.print(Array("warning: found empty hash, assuming '".utf8) + hash.text(.sri) + [UInt8(ascii: "'")])
    }

    /// Parses a hash of an expression. An empty text yields the hash of zeros; the caller then calls
    /// `warnOfAssumedHash`.
    func parseHash(_ text: [UInt8], _ algorithm: HashAlgorithm?) throws(StoreError) -> Hash {
        if text.isEmpty {
            guard let algorithm else { throw StoreError("empty hash requires explicit hash algorithm") }
            return Hash.zero(algorithm)
        }
        do throws(HashError) {
            return try Hash(parsing: text, algorithm)
        } catch {
            throw StoreError(String(decoding: error.message, as: UTF8.self))
        }
    }
}
