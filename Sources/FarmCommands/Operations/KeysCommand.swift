import ArgumentParser
import FirnCommands
import FirnKeys
import FirnProtocol
import ZeroMQ

/// The command `firn keys`.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Generate CURVE key pairs, or list the existing ones.",
        discussion: """
            Without a role the keys of the directory are listed. A secret key (.cert_secret) can be read by its owner only; \
            copy it to the machine that uses it, together with coordinator.cert. The coordinator admits the keys in \
            authorized/; removing a file there revokes its key.

            Example: firn keys keys --coordinator --worker build1 --client acme/laptop --operator admin
            """)

    @Argument(help: "The directory of keys, which is created if it does not exist.")
    var directory: String

    @Flag(help: "Generate the coordinator's key pair.")
    var coordinator = false

    @Option(help: ArgumentHelp("Generate a worker's key pair; repeatable.", valueName: "name"))
    var worker: [String] = []

    @Option(
        help: ArgumentHelp("Generate a key pair for a tenant's client; repeatable.", valueName: "tenant/name"))
    var client: [String] = []

    @Option(help: ArgumentHelp("Generate an operator's key pair; repeatable.", valueName: "name"))
    var `operator`: [String] = []

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() throws {
        let owners = try self.owners()
        do throws(KeyError) {
            let directory = KeyDirectory(path: self.directory)
            if owners.isEmpty { return try list(directory) }
            var made: [(KeyCertificate.Owner, KeyCertificate, [String])] = []
            for owner in owners {
                let certificate = try Self.generate(owner)
                made.append((owner, certificate, try directory.add(certificate)))
            }
            report(made)
        } catch {
            let advice = owners.isEmpty ? "; --coordinator, --worker, --client and --operator make keys" : ""
            throw CommandFailure(error.description + advice)
        }
    }

    /// The requested owners, checked before anything is written.
    private func owners() throws -> [KeyCertificate.Owner] {
        var owners: [KeyCertificate.Owner] = coordinator ? [.coordinator] : []
        func add(_ identity: Identity?, _ text: String) throws {
            guard let identity else {
                throw ValidationError("'\(text)': names have 1 to 63 of a-z 0-9 - _ . and begin with a letter or digit")
            }
            owners.append(.peer(identity))
        }
        for name in worker { try add(Identity(role: .worker, tenant: nil, keyName: name), name) }
        for pair in client {
            let parts = pair.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { throw ValidationError("'\(pair)' is not TENANT/NAME") }
            try add(Tenant(parts[0]).flatMap { Identity(role: .client, tenant: $0, keyName: parts[1]) }, pair)
        }
        for name in self.operator { try add(Identity(role: .operator, tenant: nil, keyName: name), name) }
        return owners
    }

    /// A certificate with a new key pair for an owner.
    static func generate(_ owner: KeyCertificate.Owner) throws(KeyError) -> KeyCertificate {
        let pair: CurveKeyPair
        do throws(ZeroMQError) { pair = try CurveKeyPair.generate() } catch {
            throw .malformed("no key pair can be made: \(error)")
        }
        return try KeyCertificate(owner: owner, publicKey: pair.publicKey.z85, secretKey: pair.secretKey.z85)
    }

    private func report(_ made: [(KeyCertificate.Owner, KeyCertificate, [String])]) {
        if json {
            let list = made.map { owner, certificate, files in
                JSONValue.object(
                    Self.fields(owner, certificate.publicKey) + [("files", .array(files.map { .string($0) }))])
            }
            return Output.write(1, JSONValue.array(list).text + "\n")
        }
        for (owner, _, files) in made { Output.write(1, "\(Self.name(owner))  \(files.joined(separator: "  "))\n") }
    }

    private func list(_ directory: KeyDirectory) throws(KeyError) {
        let certificates = try directory.certificates()
        if json {
            let list = certificates.map { JSONValue.object(Self.fields($0.owner, $0.publicKey)) }
            return Output.write(1, JSONValue.array(list).text + "\n")
        }
        for certificate in certificates {
            Output.write(1, "\(Self.name(certificate.owner))  \(certificate.publicKey)\n")
        }
    }

    private static func name(_ owner: KeyCertificate.Owner) -> String {
        switch owner {
        case .coordinator: "coordinator"
        case .peer(let identity): identity.userID
        }
    }

    private static func fields(_ owner: KeyCertificate.Owner, _ publicKey: String) -> [(String, JSONValue)] {
        var fields: [(String, JSONValue)] = []
        switch owner {
        case .coordinator: fields.append(("role", .string("coordinator")))
        case .peer(let identity):
            fields.append(("role", .string(identity.role.rawValue)))
            if let tenant = identity.tenant { fields.append(("tenant", .string(tenant.name))) }
            fields.append(("name", .string(identity.keyName)))
        }
        return fields + [("publicKey", .string(publicKey))]
    }
}
