import ArgumentParser
import FirnClient
import FirnCommands
import FirnKeys
import FirnProtocol
import Glibc
import Platform

/// The command `firn tenants key`.
struct TenantKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Admit and revoke keys.",
        discussion: "Example: firn tenants key revoke acme/laptop",
        subcommands: [AddKeyCommand.self, RevokeKeyCommand.self])
}

/// Whose key it is.
struct KeyOwnerArguments: ParsableArguments {
    @Argument(help: "TENANT/NAME for a client's key, worker/NAME or operator/NAME.") var owner: String
    @OptionGroup(title: "Connection") var connection: ConnectionArguments
    @Flag(help: "Print one JSON document.") var json = false

    mutating func validate() throws {
        if Identity(userID: userID) == nil {
            throw ValidationError("'\(owner)' is not TENANT/NAME, worker/NAME or operator/NAME")
        }
    }

    /// The owner as the protocol names it. No tenant can have the name of a role here.
    var userID: String {
        ["client/", "worker/", "operator/"].contains { owner.hasPrefix($0) } ? owner : "client/\(owner)"
    }

    func change(publicKey: String?) async throws -> WireKeyList {
        let client = try await connection.connect(as: .operator)
        return try await ConnectionArguments.reporting {
            try await SchedulingSupport.require(client)
            return try await client.changeKey(userID, publicKey: publicKey)
        }
    }
}

/// The command `firn tenants key add`.
struct AddKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Make a key pair and admit it, or admit a public key.",
        discussion: """
            The secret key is written here and not sent. An existing file is not overwritten; if it has a key, that is admitted.

            Examples:
              firn tenants key add acme/laptop --key-file laptop.cert_secret
              firn tenants key add acme/ci --public-key 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID'
            """)

    @OptionGroup var owner: KeyOwnerArguments

    @Option(help: ArgumentHelp("The file for the secret key (.cert_secret).", valueName: "file"))
    var keyFile: String?

    @Option(help: ArgumentHelp("The public key, 40 characters of Z85.", valueName: "key"))
    var publicKey: String?

    mutating func validate() throws {
        if (keyFile == nil) == (publicKey == nil) { throw ValidationError("give one of --key-file and --public-key") }
    }

    func run() async throws {
        let key: String
        do throws(KeyError) {
            if let publicKey { key = publicKey } else { key = try Self.pair(owner.userID, in: keyFile ?? "") }
        } catch {
            throw CommandFailure(error.description)
        }
        let list = try await owner.change(publicKey: key)
        if owner.json {
            let object = JSONValue.object([
                ("owner", .string(owner.userID)), ("publicKey", .string(key)),
                ("owners", .array(list.owners.map { .string($0) })),
            ])
            return Output.write(1, object.text + "\n")
        }
        Output.write(1, "\(owner.userID)  \(key)\n")
    }

    /// The public key of the pair in a file, which is made if it does not exist.
    private static func pair(_ userID: String, in file: String) throws(KeyError) -> String {
        guard let identity = Identity(userID: userID) else { throw .malformed("'\(userID)' is not an owner") }
        if unsafe access(file, F_OK) == 0 {
            let known = try KeyDirectory.read(file, needsSecret: true)
            guard known.owner == .peer(identity) else {
                throw .file(path: file, reason: "it is the key of another owner than \(userID)")
            }
            return known.publicKey
        }
        let certificate = try KeysCommand.generate(.peer(identity))
        do throws(WriteFailure) {
            try WholeFile.write(Array(certificate.text.utf8), to: file, mode: 0o600, .creating)
        } catch {
            throw .file(path: file, reason: error.reason)
        }
        return certificate.publicKey
    }
}

/// The command `firn tenants key revoke`.
struct RevokeKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke the key of an owner and close its connections.",
        discussion: "Example: firn tenants key revoke acme/laptop")

    @OptionGroup var owner: KeyOwnerArguments

    func run() async throws {
        let list = try await owner.change(publicKey: nil)
        if owner.json {
            let object = JSONValue.object([
                ("owner", .string(owner.userID)), ("closed", .unsigned(UInt64(list.closed))),
                ("owners", .array(list.owners.map { .string($0) })),
            ])
            return Output.write(1, object.text + "\n")
        }
        Output.write(1, "\(owner.userID) is revoked; \(list.closed) connections were closed\n")
    }
}
