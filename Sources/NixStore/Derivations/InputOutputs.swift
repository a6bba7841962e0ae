/// Outputs of one derivation that another depends on.
public struct InputOutputs: Sendable, Equatable {
    /// An output that is a derivation itself, and the outputs of that one.
    public struct Inner: Sendable, Equatable {
        public var output: [UInt8]
        public var outputs: InputOutputs

        public init(output: [UInt8], outputs: InputOutputs) {
            self.output = output
            self.outputs = outputs
        }
    }

    /// In order, each once.
    public var names: [[UInt8]]
    /// In the order of outputs, each once. Empty but for dynamic derivations.
    public var inner: [Inner]

    /// How many outputs may lie within one another. Nix has no limit but its stack.
    public static let maximumDepth = 1000

    public init(names: [[UInt8]] = [], inner: [Inner] = []) {
        self.names = names
        self.inner = inner
    }

    /// Adds the last of outputs that lie within one another, the outermost first.
    public mutating func insert(_ path: ArraySlice<[UInt8]>) {
        guard let first = path.first else { return }
        if path.count == 1 {
            let place = names.firstIndex { !$0.lexicographicallyPrecedes(first) } ?? names.count
            if place == names.count || names[place] != first { names.insert(first, at: place) }
            return
        }
        let place = inner.firstIndex { !$0.output.lexicographicallyPrecedes(first) } ?? inner.count
        if place == inner.count || inner[place].output != first {
            inner.insert(Inner(output: first, outputs: InputOutputs()), at: place)
        }
        inner[place].outputs.insert(path.dropFirst())
    }
}

extension ATermWriter {
    /// What a derivation says of an input.
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

    /// How a derivation begins: its form has a version where an input is an output of an output.
    mutating func start(isDynamic: Bool) { raw(isDynamic ? "DrvWithVersion(\"xp-dyn-drv\"," : "Derive(") }
}
