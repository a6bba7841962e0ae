/// An output of a derivation that an evaluation needs to read, which makes it an import from derivation.
public struct NeededOutput: Sendable, Hashable {
    /// The store path of the derivation.
    public let derivation: [UInt8]
    /// The name of the output.
    public let name: [UInt8]
    /// The store path of the output.
    public let path: [UInt8]

    public init(derivation: [UInt8], name: [UInt8], path: [UInt8]) {
        self.derivation = derivation
        self.name = name
        self.path = path
    }

    /// The output as messages show it: `DERIVATION^OUTPUT`.
    public var text: [UInt8] { derivation + [UInt8(ascii: "^")] + name }

    /// The output as Nix's older commands and its daemon take it: `DERIVATION!OUTPUT`.
    public var installable: [UInt8] { derivation + [UInt8(ascii: "!")] + name }
}
