import NixStore

/// What one element of a string's context says.
enum ContextElement: Equatable {
    /// The string refers to a store path.
    case path([UInt8])
    /// To a derivation, and through it to everything it reaches, outputs included.
    case deep([UInt8])
    /// To an output of a derivation. `derivation` is a store path, or the text of another such element where the
    /// derivation is still to be built.
    case output([UInt8], derivation: [UInt8])

    /// From the text of an element, as `Interpreter+Contexts` says it.
    init(_ text: UnsafeBufferPointer<UInt8>) {
        switch text.first {
        case UInt8(ascii: "="): self = .deep(Array(text.dropFirst()))
        case UInt8(ascii: "!"):
            let rest = text.dropFirst()
            let end = rest.firstIndex(of: UInt8(ascii: "!")) ?? rest.endIndex
            self = .output(Array(rest[..<end]), derivation: Array(rest[end...].dropFirst()))
        default: self = .path(Array(text))
        }
    }

    var text: [UInt8] {
        switch self {
        case .path(let path): path
        case .deep(let path): [UInt8(ascii: "=")] + path
        case .output(let output, let derivation):
            [UInt8(ascii: "!")] + output + [UInt8(ascii: "!")] + derivation
        }
    }
}

/// A derivation that is an output of another, which may be one of yet another.
struct OutputChain {
    /// The store path of the derivation that is there.
    var root: [UInt8]
    /// From the root's on; never empty.
    var outputs: [[UInt8]] = []

    /// From the derivation of an element; nil when that is a store path.
    init?(_ derivation: [UInt8]) {
        let mark = UInt8(ascii: "!")
        var rest = derivation[...]
        while rest.first == mark {
            rest = rest.dropFirst()
            let end = rest.firstIndex(of: mark) ?? rest.endIndex
            outputs.append(Array(rest[..<end]))
            rest = rest[end...].dropFirst()
        }
        if outputs.isEmpty { return nil }
        outputs.reverse()
        root = Array(rest)
    }

    /// As Nix shows it.
    var text: [UInt8] { outputs.reduce(root) { $0 + [UInt8(ascii: "^")] + $1 } }

    /// What stands for its last output.
    var placeholder: Hash {
        var hash = StorePath.upstreamPlaceholder(derivation: root, output: outputs[0])
        for output in outputs.dropFirst() { hash = StorePath.computedPlaceholder(hash, output: output) }
        return hash
    }
}

extension ContextElement: Comparable {
    /// Plain paths, then derivations, then outputs; each by path, outputs of one derivation by name.
    static func < (a: ContextElement, b: ContextElement) -> Bool {
        switch (a, b) {
        case (.path(let x), .path(let y)), (.deep(let x), .deep(let y)): x.lexicographicallyPrecedes(y)
        case (.output(let x, let p), .output(let y, let q)):
            p == q ? x.lexicographicallyPrecedes(y) : p.lexicographicallyPrecedes(q)
        case (.path, _), (.deep, .output): true
        default: false
        }
    }
}

extension Machine {
    /// What an element's object means, decoded once.
    func contextElement(_ element: Value) -> ContextElement {
        if let known = store.contextElements[element.bits] { return known }
        let decoded = ContextElement(element.object.byteBuffer)
        store.contextElements[element.bits] = decoded
        return decoded
    }
}
