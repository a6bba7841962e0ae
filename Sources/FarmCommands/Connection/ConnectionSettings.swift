import FirnClient
import FirnKeys
import FirnProtocol
import ZeroMQ

/// The coordinator's address and the client's keys, as config/client.yaml describes them.
struct ConnectionSettings {
    var endpoint = "tcp://127.0.0.1:7701"
    /// A `.cert_secret` file; nil for plain mode.
    var key: String?
    /// The file `coordinator.cert`.
    var serverKey: String?
    var operatorEndpoint = "tcp://127.0.0.1:7704"
    var operatorKey: String?
    var unreachableAfter = Duration.seconds(4)
    var ipv6 = false

    /// Reads every key of a client's configuration.
    init(_ source: inout SettingsSource) throws(SettingsError) {
        endpoint = try source.endpoint("endpoint") ?? endpoint
        key = try source.path("key")
        serverKey = try source.path("serverKey")
        operatorEndpoint = try source.endpoint("operators.endpoint") ?? operatorEndpoint
        operatorKey = try source.path("operators.key")
        unreachableAfter = try source.milliseconds("unreachableAfterMs", in: 100...600_000) ?? unreachableAfter
        ipv6 = try source.flag("ipv6") ?? ipv6
        try source.finish()
    }

    /// The client library's configuration for a role.
    func configuration(role: Role) throws -> ClientConfiguration {
        let isOperator = role == .operator
        let key = isOperator ? operatorKey : self.key
        var configuration = ClientConfiguration(
            endpoint: isOperator ? operatorEndpoint : endpoint,
            security: try PeerSecurity.security(key: key, serverKey: serverKey, role: role))
        configuration.unreachableAfter = unreachableAfter
        configuration.ipv6 = ipv6
        return configuration
    }
}

/// The keys of a peer's connection.
enum PeerSecurity {
    /// CURVE with the keys of two files, or plain without files.
    ///
    /// - Throws: `CommandFailure` if a file is unusable, one of the two is missing, or the key has another role.
    static func security(key: String?, serverKey: String?, role: Role) throws -> SocketOptions.Security {
        guard let key else {
            if serverKey == nil { return .plain }
            throw CommandFailure("a server key is given but no key of one's own; give both or none", exitCode: 2)
        }
        guard let serverKey else {
            throw CommandFailure(
                "'\(key)' needs the coordinator's public key, coordinator.cert, beside it", exitCode: 2)
        }
        do throws(KeyError) {
            let own = try KeyDirectory.read(key, needsSecret: true)
            let server = try KeyDirectory.read(serverKey, needsSecret: false)
            guard case .peer(let identity) = own.owner, identity.role == role else {
                throw .file(path: key, reason: "this is not a key of the role \(role.rawValue)")
            }
            guard server.owner == .coordinator else {
                throw .file(path: serverKey, reason: "this is not the coordinator's key")
            }
            return .curveClient(keyPair: try pair(own, key), serverKey: try publicKey(server, serverKey))
        } catch {
            throw CommandFailure(error.description, exitCode: 2)
        }
    }

    private static func pair(_ certificate: KeyCertificate, _ path: String) throws(KeyError) -> CurveKeyPair {
        guard let text = certificate.secretKey, let secret = CurveSecretKey(z85: text) else {
            throw .file(path: path, reason: "its secret-key is not a key")
        }
        return CurveKeyPair(publicKey: try publicKey(certificate, path), secretKey: secret)
    }

    private static func publicKey(_ certificate: KeyCertificate, _ path: String) throws(KeyError) -> CurvePublicKey {
        guard let key = CurvePublicKey(z85: certificate.publicKey) else {
            throw .file(path: path, reason: "its public-key is not a key")
        }
        return key
    }
}
