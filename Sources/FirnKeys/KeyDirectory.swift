import FirnProtocol
import Glibc

/// A directory of keys with the layout of protocol/firn-1.md, section 9. The caller generates the keys, because that
/// needs libzmq, on which this module does not depend.
public struct KeyDirectory: Sendable {
    public let path: String

    public init(path: String) { self.path = path }

    /// Writes the certificate of a new key: once with the secret key (mode 0600) and once without it, which for a peer
    /// is among the authorised ones. It creates missing directories and never overwrites a file.
    ///
    /// - Returns: the paths of the new files.
    @discardableResult
    public func add(_ certificate: KeyCertificate) throws(KeyError) -> [String] {
        guard certificate.secretKey != nil else { throw .malformed("a new key needs its secret key") }
        try KeyFile.makeDirectory(path, mode: 0o700)
        try KeyFile.makeDirectory(authorized, mode: 0o700)
        let secretPath = "\(path)/\(certificate.fileName).cert_secret"
        let publicPath: String
        switch certificate.owner {
        case .coordinator: publicPath = "\(path)/\(certificate.fileName).cert"
        case .peer: publicPath = "\(authorized)/\(certificate.fileName).cert"
        }
        try KeyFile.create(secretPath, text: certificate.text, mode: 0o600)
        try KeyFile.create(publicPath, text: certificate.withoutSecret.text, mode: 0o644)
        return [secretPath, publicPath]
    }

    /// Authorises a peer's public key, whose secret key stays with the peer. The file is on disk when this returns.
    ///
    /// - Throws: `KeyError` if the owner has a key already, or the key is another owner's.
    public func authorize(_ certificate: KeyCertificate) throws(KeyError) {
        var ring = readableKeys().ring
        try ring.add(certificate)
        try KeyFile.makeDirectory(authorized, mode: 0o700)
        try KeyFile.create(
            "\(authorized)/\(certificate.fileName).cert", text: certificate.withoutSecret.text, mode: 0o644)
        try KeyFile.sync(authorized)
    }

    /// Removes all authorised keys of an owner. The removal is on disk when this returns.
    ///
    /// - Throws: `KeyError` if the owner has none, or a file cannot be removed.
    public func revoke(_ owner: Identity) throws(KeyError) {
        var removed = 0
        for name in try KeyFile.list(authorized) where name.hasSuffix(".cert") {
            let file = "\(authorized)/\(name)"
            // An unreadable file authorises nobody.
            guard let certificate = try? Self.read(file, needsSecret: false), certificate.owner == .peer(owner) else {
                continue
            }
            try KeyFile.remove(file)
            removed += 1
        }
        guard removed > 0 else { throw .malformed("\(owner) has no authorised key") }
        try KeyFile.sync(authorized)
    }

    /// Reads the coordinator's own key pair.
    public func coordinator() throws(KeyError) -> KeyCertificate {
        let file = "\(path)/coordinator.cert_secret"
        let certificate = try Self.read(file, needsSecret: true)
        guard certificate.owner == .coordinator else { throw .file(path: file, reason: "its role is not coordinator") }
        return certificate
    }

    /// Reads all authorised keys. It fails if one file cannot be read, so that a starting coordinator never overlooks a
    /// key.
    public func keyRing() throws(KeyError) -> KeyRing {
        var ring = KeyRing()
        for name in try KeyFile.list(authorized) where name.hasSuffix(".cert") {
            let file = "\(authorized)/\(name)"
            let certificate = try Self.read(file, needsSecret: false)
            do throws(KeyError) {
                try ring.add(certificate)
            } catch {
                throw .file(path: file, reason: error.description)
            }
        }
        return ring
    }

    /// Reads the authorised keys for a running coordinator. A file that is unreadable, or repeats another file's key,
    /// authorises nobody, so that a revocation always takes effect. The faults are for the log.
    public func readableKeys() -> (ring: KeyRing, faults: [KeyError]) {
        var ring = KeyRing()
        var faults: [KeyError] = []
        do throws(KeyError) {
            for name in try KeyFile.list(authorized) where name.hasSuffix(".cert") {
                do throws(KeyError) {
                    try ring.add(try Self.read("\(authorized)/\(name)", needsSecret: false))
                } catch {
                    faults.append(error)
                }
            }
        } catch {
            return (KeyRing(), [error])
        }
        return (ring, faults)
    }

    /// Reads the public certificates of the directory: first the coordinator's if there is one, then the authorised
    /// ones by name.
    public func certificates() throws(KeyError) -> [KeyCertificate] {
        var files: [String] = []
        for name in try KeyFile.list(path) where name == "coordinator.cert" { files.append("\(path)/\(name)") }
        for name in try KeyFile.list(authorized) where name.hasSuffix(".cert") { files.append("\(authorized)/\(name)") }
        var certificates: [KeyCertificate] = []
        for file in files { certificates.append(try Self.read(file, needsSecret: false)) }
        return certificates
    }

    /// Reads one certificate. With `needsSecret` it must have a secret key, and only its owner may have access to the
    /// file.
    public static func read(_ path: String, needsSecret: Bool) throws(KeyError) -> KeyCertificate {
        let text = try KeyFile.read(path, isSecret: needsSecret)
        let certificate: KeyCertificate
        do throws(KeyError) {
            certificate = try KeyCertificate(text: text)
        } catch {
            throw .file(path: path, reason: error.description)
        }
        guard !needsSecret || certificate.secretKey != nil else {
            throw .file(path: path, reason: "it has no secret-key; give the file that ends in .cert_secret")
        }
        return certificate
    }

    private var authorized: String { "\(path)/authorized" }
}
