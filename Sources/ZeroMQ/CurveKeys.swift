import CZeroMQ

/// A CURVE public key: 32 bytes, written as 40 characters of Z85.
public struct CurvePublicKey: Sendable, Hashable, CustomStringConvertible {
    public let z85: String

    /// - Returns: nil unless the text is 40 characters of Z85 that stand for 32 bytes.
    public init?(z85: String) {
        guard Z85.decode(z85)?.count == 32 else { return nil }
        self.z85 = z85
    }

    init?(bytes: [UInt8]) {
        guard bytes.count == 32, let text = Z85.encode(bytes) else { return nil }
        z85 = text
    }

    public var description: String { z85 }
}

/// A CURVE secret key. Its description does not contain the key, so that no log shows it.
public struct CurveSecretKey: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    public let z85: String

    /// - Returns: nil unless the text is 40 characters of Z85 that stand for 32 bytes.
    public init?(z85: String) {
        guard Z85.decode(z85)?.count == 32 else { return nil }
        self.z85 = z85
    }

    public var description: String { "(secret)" }
    public var debugDescription: String { "(secret)" }

    /// The public key of the pair.
    public func publicKey() throws(ZeroMQError) -> CurvePublicKey {
        var text = [CChar](repeating: 0, count: 41)
        guard unsafe zmq_curve_public(&text, z85) == 0, let key = CurvePublicKey(z85: String(cText: text))
        else { throw .last("derive a public key") }
        return key
    }
}

/// A CURVE key pair.
public struct CurveKeyPair: Sendable, Hashable {
    public let publicKey: CurvePublicKey
    public let secretKey: CurveSecretKey

    public init(publicKey: CurvePublicKey, secretKey: CurveSecretKey) {
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    /// A new pair from the system's random numbers.
    ///
    /// - Throws: `ZeroMQError` if libzmq is built without CURVE.
    public static func generate() throws(ZeroMQError) -> CurveKeyPair {
        var publicText = [CChar](repeating: 0, count: 41)
        var secretText = [CChar](repeating: 0, count: 41)
        guard unsafe zmq_curve_keypair(&publicText, &secretText) == 0 else { throw .last("generate a key pair") }
        guard let publicKey = CurvePublicKey(z85: String(cText: publicText)),
            let secretKey = CurveSecretKey(z85: String(cText: secretText))
        else { throw ZeroMQError(operation: "generate a key pair", code: EINVAL, reason: "libzmq gave no Z85 text") }
        return CurveKeyPair(publicKey: publicKey, secretKey: secretKey)
    }
}
