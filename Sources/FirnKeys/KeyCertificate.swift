import FirnProtocol

/// A key as stored in a file, with its owner. The format is that of czmq's certificates (ZPL, RFC 4):
///
///     metadata
///         role = "client"
///         tenant = "acme"
///         name = "laptop"
///     curve
///         public-key = "..."
///         secret-key = "..."
///
/// The coordinator's own certificate has the role `coordinator`, which no peer can have.
public struct KeyCertificate: Sendable, Hashable {
    /// The owner of a key.
    public enum Owner: Sendable, Hashable {
        case coordinator
        case peer(Identity)
    }

    public let owner: Owner
    /// The public key as 40 characters of Z85.
    public let publicKey: String
    /// The secret key as 40 characters of Z85; nil in a certificate that may be published.
    public let secretKey: String?

    /// Makes a certificate.
    ///
    /// - Throws: `KeyError.malformed` when a key is not 40 characters of Z85.
    public init(owner: Owner, publicKey: String, secretKey: String?) throws(KeyError) {
        guard Self.isKey(publicKey) else { throw .malformed("public-key is not 40 characters of Z85") }
        if let secretKey, !Self.isKey(secretKey) { throw .malformed("secret-key is not 40 characters of Z85") }
        self.owner = owner
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    /// The certificate without its secret key.
    public var withoutSecret: KeyCertificate {
        KeyCertificate(checkedOwner: owner, publicKey: publicKey, secretKey: nil)
    }

    private init(checkedOwner: Owner, publicKey: String, secretKey: String?) {
        owner = checkedOwner
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    /// The name of its files without the suffix: `coordinator`, `client-TENANT-KEY`, `worker-KEY` or `operator-KEY`.
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

/// Why a key, key file or key directory cannot be used.
public enum KeyError: Error, Sendable, Hashable, CustomStringConvertible {
    case malformed(String)
    /// A file cannot be read or written, for the given reason.
    case file(path: String, reason: String)

    public var description: String {
        switch self {
        case .malformed(let reason): reason
        case .file(let path, let reason): "\(path): \(reason)"
        }
    }
}
