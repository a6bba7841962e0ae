import FoundationEssentials

extension WireNeededOutput {
    /// The derivation and the output, by which a failure names it: `DERIVATION^OUTPUT`.
    public var text: Data { derivation + Data([UInt8(ascii: "^")]) + output }

    /// Whether the texts keep the protocol's bounds.
    public var isBounded: Bool {
        [derivation, output, path].allSatisfy { !$0.isEmpty && $0.count <= ProtocolLimits.neededBytes }
    }

    /// The approximate bytes of the message.
    var byteCount: Int { derivation.count + output.count + path.count + 16 }
}
