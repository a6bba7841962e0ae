/// The outputs of a derivation that another one depends on.
public struct InputOutputs: Sendable, Equatable {
    /// An output that is a derivation itself (a dynamic derivation), and the outputs of that.
    public struct Inner: Sendable, Equatable {
        public var output: [UInt8]
        public var outputs: InputOutputs

        public init(output: [UInt8], outputs: InputOutputs) {
            self.output = output
            self.outputs = outputs
        }
    }

    /// The names, sorted and distinct.
    public var names: [[UInt8]]
    /// The dynamic derivations, sorted by output and distinct.
    public var inner: [Inner]

    /// The deepest nesting of dynamic derivations. Nix is only limited by its stack.
    public static let maximumDepth = 1000

    public init(names: [[UInt8]] = [], inner: [Inner] = []) {
        self.names = names
        self.inner = inner
    }

    /// Adds an output, given by the names of the nested outputs from the outermost on.
    public mutating func insert(_ path: ArraySlice<[UInt8]>) {
        guard let first = path.first else { return }
        if path.count == 1 {
            let index = names.firstIndex { !$0.lexicographicallyPrecedes(first) } ?? names.count
            if index == names.count || names[index] != first { names.insert(first, at: index) }
            return
        }
        let index = inner.firstIndex { !$0.output.lexicographicallyPrecedes(first) } ?? inner.count
        if index == inner.count || inner[index].output != first {
            inner.insert(Inner(output: first, outputs: InputOutputs()), at: index)
        }
        inner[index].outputs.insert(path.dropFirst())
    }
}

extension ATermWriter {
    /// Appends the outputs of an input.
    mutating func outputs(_ outputs: InputOutputs) {
        if outputs.inner.isEmpty { return plainList(outputs.names) }
        raw("(")
        plainList(outputs.names)
        raw(",[")
        for (index, inner) in outputs.inner.enumerated() {
            if index > 0 { raw(",") }
            raw("(")
            plain(inner.output)
            raw(",")
            self.outputs(inner.outputs)
            raw(")")
        }
        raw("])")
    }

    /// Appends the beginning of a derivation. With dynamic derivations the format has a version.
    mutating func start(isDynamic: Bool) { raw(isDynamic ? "DrvWithVersion(\"xp-dyn-drv\"," : "Derive(") }
}
