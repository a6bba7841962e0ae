import NixStore

/// The meaning of one element of a string's context.
enum ContextElement: Equatable {
    /// The string refers to a store path.
    case path([UInt8])
    /// The string refers to a derivation and everything that it reaches, including outputs.
    case deep([UInt8])
    /// The string refers to an output of a derivation. `derivation` is a store path, or the text of another such
    /// element if the derivation itself must be built first.
    case output([UInt8], derivation: [UInt8])

    /// Decodes the text of an element, whose form `Interpreter+Contexts` describes.
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

/// A derivation that is an output of another one, which may be an output of yet another.
struct OutputChain {
    /// The store path of the derivation that exists.
    var root: [UInt8]
    /// The outputs in order, beginning with that of the root. There is at least one.
    var outputs: [[UInt8]] = []

    /// Decodes the derivation of an element. The result is nil if that is a store path.
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

    /// The text in which Nix shows the chain.
    var text: [UInt8] { outputs.reduce(root) { $0 + [UInt8(ascii: "^")] + $1 } }

    /// The placeholder for the last output's path.
    var placeholder: Hash {
        var hash = StorePath.upstreamPlaceholder(derivation: root, output: outputs[0])
        for output in outputs.dropFirst() { hash = StorePath.computedPlaceholder(hash, output: output) }
        return hash
    }
}

extension ContextElement: Comparable {
    /// Plain paths come first, then derivations, then outputs. Each kind is sorted by path, and the outputs of one
    /// derivation by name.
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
