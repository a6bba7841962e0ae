/// A derivation as its file represents it.
public struct StoredDerivation: Sendable, Equatable {
    /// An output in the file.
    public struct Output: Sendable, Equatable {
        public var name: [UInt8]
        /// The store path; empty if it is only known after a build.
        public var path: [UInt8]
        /// For content-addressed outputs, the method and algorithm, and the hash in base 16 if it is fixed; otherwise
        /// empty.
        public var algorithm: [UInt8]
        public var hash: [UInt8]
    }

    /// An input derivation, and the outputs of it that are used.
    public struct Input: Sendable, Equatable {
        public var path: [UInt8]
        public var outputs: InputOutputs
    }

    /// An environment variable of the builder.
    public struct Variable: Sendable, Equatable {
        public var name: [UInt8]
        public var value: [UInt8]
    }

    public var outputs: [Output] = []
    public var inputs: [Input] = []
    public var sources: [[UInt8]] = []
    public var system: [UInt8] = []
    public var builder: [UInt8] = []
    public var arguments: [[UInt8]] = []
    public var environment: [Variable] = []

    /// Whether an input is an output of an output, which requires the versioned format.
    public var isDynamic: Bool { inputs.contains { !$0.outputs.inner.isEmpty } }

    /// Parses the text of a .drv file.
    ///
    /// - Parameters:
    ///   - text: the contents of the file.
    ///   - allowsDynamic: whether the versioned format is accepted, which is an experimental feature of Nix.
    /// - Throws: a syntax error.
    public init(parsing text: [UInt8], allowsDynamic: Bool = true) throws(StoreError) {
        var reader = ATermReader(text)
        let isVersioned = try reader.start(allowsDynamic: allowsDynamic)
        outputs = try reader.list { reader throws(StoreError) in
            let fields = try reader.tuple(4)
            return Output(name: fields[0], path: fields[1], algorithm: fields[2], hash: fields[3])
        }
        try reader.expect(",")
        inputs = try reader.list { reader throws(StoreError) in try reader.input(isVersioned: isVersioned) }
        try reader.expect(",")
        sources = try reader.strings()
        try reader.expect(",")
        system = try reader.string()
        try reader.expect(",")
        builder = try reader.string()
        try reader.expect(",")
        arguments = try reader.strings()
        try reader.expect(",")
        environment = try reader.list { reader throws(StoreError) in
            let fields = try reader.tuple(2)
            return Variable(name: fields[0], value: fields[1])
        }
        try reader.expect(")")
        guard reader.isAtEnd else { throw StoreError("derivation has text after its end") }
    }

    /// The text of the .drv file.
    public var text: [UInt8] {
        var writer = ATermWriter()
        writer.start(isDynamic: isDynamic)
        writer.list(outputs) { writer, output in
            writer.tuple([output.name, output.path, output.algorithm, output.hash])
        }
        writer.raw(",")
        writer.list(inputs) { writer, input in
            writer.raw("(")
            writer.plain(input.path)
            writer.raw(",")
            writer.outputs(input.outputs)
            writer.raw(")")
        }
        writer.raw(",")
        writer.plainList(sources)
        writer.raw(",")
        writer.plain(system)
        writer.raw(",")
        writer.string(builder)
        writer.raw(",")
        writer.list(arguments) { writer, argument in writer.string(argument) }
        writer.raw(",")
        writer.list(environment) { writer, variable in writer.tuple([variable.name, variable.value]) }
        writer.raw(")")
        return writer.bytes
    }
}

extension ATermWriter {
    fileprivate mutating func list<Item>(_ items: [Item], _ write: (inout ATermWriter, Item) -> Void) {
        raw("[")
        for (index, item) in items.enumerated() {
            if index > 0 { raw(",") }
            write(&self, item)
        }
        raw("]")
    }

    fileprivate mutating func tuple(_ fields: [[UInt8]]) {
        raw("(")
        for (index, field) in fields.enumerated() {
            if index > 0 { raw(",") }
            string(field)
        }
        raw(")")
    }
}

/// Parses the text of a derivation.
private struct ATermReader {
    private let text: [UInt8]
    private var offset = 0

    init(_ text: [UInt8]) { self.text = text }

    var isAtEnd: Bool { offset == text.count }

    /// Skips a text if it is next, and returns whether it was.
    mutating func next(_ wanted: StaticString) -> Bool {
        let bytes = Array(wanted.description.utf8)
        guard text.count - offset >= bytes.count, text[offset..<(offset + bytes.count)].elementsEqual(bytes) else {
            return false
        }
        offset += bytes.count
        return true
    }

    mutating func expect(_ wanted: StaticString) throws(StoreError) {
        guard next(wanted) else {
            throw StoreError("error parsing derivation: expected string '\(wanted)' at byte \(offset)")
        }
    }

    mutating func string() throws(StoreError) -> [UInt8] {
        try expect("\"")
        var result: [UInt8] = []
        while offset < text.count {
            let byte = text[offset]
            offset += 1
            if byte == UInt8(ascii: "\"") { return result }
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            guard offset < text.count else { break }
            switch text[offset] {
            case UInt8(ascii: "n"): result.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "r"): result.append(UInt8(ascii: "\r"))
            case UInt8(ascii: "t"): result.append(UInt8(ascii: "\t"))
            case let escaped: result.append(escaped)
            }
            offset += 1
        }
        throw StoreError("error parsing derivation: unterminated string")
    }

    mutating func strings() throws(StoreError) -> [[UInt8]] {
        try list { reader throws(StoreError) in try reader.string() }
    }

    /// Parses the outputs of an input: a list, or in the versioned format a list and nested outputs.
    mutating func outputs(isVersioned: Bool, depth: Int) throws(StoreError) -> InputOutputs {
        guard isVersioned, next("(") else { return InputOutputs(names: try strings()) }
        guard depth < InputOutputs.maximumDepth else {
            throw StoreError("error parsing derivation: outputs lie within one another too deeply")
        }
        let names = try strings()
        try expect(",")
        let inner = try list { reader throws(StoreError) in
            try reader.expect("(")
            let output = try reader.string()
            try reader.expect(",")
            let outputs = try reader.outputs(isVersioned: true, depth: depth + 1)
            try reader.expect(")")
            return InputOutputs.Inner(output: output, outputs: outputs)
        }
        try expect(")")
        return InputOutputs(names: names, inner: inner)
    }

    mutating func tuple(_ count: Int) throws(StoreError) -> [[UInt8]] {
        try expect("(")
        var fields: [[UInt8]] = []
        for index in 0..<count {
            if index > 0 { try expect(",") }
            fields.append(try string())
        }
        try expect(")")
        return fields
    }

    mutating func list<Item>(
        _ item: (inout ATermReader) throws(StoreError) -> Item
    ) throws(StoreError) -> [Item] {
        try expect("[")
        var items: [Item] = []
        while offset < text.count, text[offset] != UInt8(ascii: "]") {
            if !items.isEmpty { try expect(",") }
            items.append(try item(&self))
        }
        try expect("]")
        return items
    }
}

extension ATermReader {
    /// Reads the start of a derivation, and returns whether it has the versioned format.
    fileprivate mutating func start(allowsDynamic: Bool) throws(StoreError) -> Bool {
        guard next("DrvWithVersion(") else {
            try expect("Derive(")
            return false
        }
        let version = try string()
        guard version == Array("xp-dyn-drv".utf8) else {
            throw StoreError("unknown derivation ATerm format version '", version, "'")
        }
        guard allowsDynamic else {
            throw StoreError(
                "experimental Nix feature 'dynamic-derivations' is disabled for a derivation of ATerm format version "
                    + "'xp-dyn-drv'; add '--extra-experimental-features dynamic-derivations' to enable it")
        }
        try expect(",")
        return true
    }

    fileprivate mutating func input(isVersioned: Bool) throws(StoreError) -> StoredDerivation.Input {
        try expect("(")
        let path = try string()
        try expect(",")
        let outputs = try outputs(isVersioned: isVersioned, depth: 0)
        try expect(")")
        return StoredDerivation.Input(path: path, outputs: outputs)
    }
}
