import FirnProtocol

/// A change of who may connect.
public enum KeyChange: Sendable, Hashable {
    /// The public key, in a certificate without a secret key, is authorised.
    case add(KeyCertificate)
    /// No key of the owner is authorised any more.
    case revoke(Identity)

    /// Whose key it is.
    public var owner: Identity? {
        switch self {
        case .add(let certificate): if case .peer(let identity) = certificate.owner { identity } else { nil }
        case .revoke(let identity): identity
        }
    }

    public var isRevocation: Bool { if case .revoke = self { true } else { false } }

    /// Reads an operator's request.
    ///
    /// - Throws: `KeyError.malformed` if the owner's name or the key is not one.
    public init(_ change: WireChangeKey) throws(KeyError) {
        guard let owner = Identity(userID: change.owner) else {
            throw .malformed(
                "owner: '\(change.owner)' is not client/TENANT/NAME, worker/NAME or operator/NAME with names of 1 to 63 "
                    + "of a-z 0-9 - _ .")
        }
        guard !change.publicKey.isEmpty else {
            self = .revoke(owner)
            return
        }
        self = .add(try KeyCertificate(owner: .peer(owner), publicKey: change.publicKey, secretKey: nil))
    }
}
