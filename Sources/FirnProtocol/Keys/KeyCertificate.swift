/// A key as it lies in a file: whose it is and what it may do. Written as czmq writes certificates (ZPL, RFC 4):
///
///     metadata
///         role = "client"
///         tenant = "acme"
///         name = "laptop"
///     curve
///         public-key = "..."
///         secret-key = "..."
///
/// The coordinator's own certificate has the role `coordinator`, which is no role of a peer.
public struct KeyCertificate: Sendable, Hashable {
    /// Whose key it is.
    public enum Owner: Sendable, Hashable {
        case coordinator
        case peer(Identity)
    }

    public let owner: Owner
    /// 40 characters of Z85.
    public let publicKey: String
    /// 40 characters of Z85; nil in a certificate that may be handed out.
    public let secretKey: String?

    /// - Throws: `KeyError.malformed` when a key is not 40 characters of Z85.
    public init(owner: Owner, publicKey: String, secretKey: String?) throws(KeyError) {
        guard Self.isKey(publicKey) else { throw .malformed("public-key is not 40 characters of Z85") }
        if let secretKey, !Self.isKey(secretKey) { throw .malformed("secret-key is not 40 characters of Z85") }
        self.owner = owner
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    /// The same without the secret key.
    public var withoutSecret: KeyCertificate {
        KeyCertificate(checkedOwner: owner, publicKey: publicKey, secretKey: nil)
    }

    private init(checkedOwner: Owner, publicKey: String, secretKey: String?) {
        owner = checkedOwner
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    /// The name of its files, without the suffix: `coordinator`, `client-TENANT-KEY`, `worker-KEY` or `operator-KEY`.
    public var fileName: String {
        switch owner {
        case .coordinator: "coordinator"
        case .peer(let identity): identity.userID.split(separator: "/").joined(separator: "-")
        }
    }

    private static func isKey(_ text: String) -> Bool {
        let punctuation = Set(".-:+=^!/*?&<>()[]{}@%$#".utf8)
        let isAlphanumeric = { (byte: UInt8) in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        return text.utf8.count == 40 && text.utf8.allSatisfy { isAlphanumeric($0) || punctuation.contains($0) }
    }
}

/// A key, key file or key directory that cannot be used.
public enum KeyError: Error, Sendable, Hashable, CustomStringConvertible {
    case malformed(String)
    /// A file that cannot be read or written, and why.
    case file(path: String, reason: String)

    public var description: String {
        switch self {
        case .malformed(let reason): reason
        case .file(let path, let reason): "\(path): \(reason)"
        }
    }
}
