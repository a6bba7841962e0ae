import FirnCommands
import FirnCoordinator
import FirnKeys
import FirnProtocol
import Glibc
import NixStore
import Platform

/// The directory of a farm on one machine:
///
///     keys/           CURVE keys of the coordinator, a worker, a client and an operator, all called `local`
///     store/          jobs, results and traces
///     images/         the images of prepared sets
///     client.yaml     the configuration of clients and operators
struct FarmDirectory {
    let path: String
    private let tenant: String

    /// Creates the directory and the missing keys.
    init(path: String, tenant: String) throws {
        let absolute = CanonPath.absolute(Array(path.utf8), relativeTo: currentDirectory())
        self.path = String(decoding: absolute, as: UTF8.self)
        self.tenant = tenant
        guard unsafe mkdir(self.path, 0o700) == 0 || errno == EEXIST else {
            throw CommandFailure("'\(path)' cannot be made: \(unsafe String(cString: strerror(errno)))")
        }
        do throws(KeyError) { try makeKeys() } catch { throw CommandFailure(error.description) }
    }

    var keys: String { "\(path)/keys" }
    var store: String { "\(path)/store" }
    var images: String { "\(path)/images" }
    var serverKey: String { "\(keys)/coordinator.cert" }
    var workerKey: String { "\(keys)/worker-local.cert_secret" }
    var clientConfiguration: String { "\(path)/client.yaml" }

    private func makeKeys() throws(KeyError) {
        var owners: [KeyCertificate.Owner] = [.coordinator]
        let identities = [
            Identity(role: .worker, tenant: nil, keyName: "local"),
            Identity(role: .client, tenant: Tenant(tenant), keyName: "local"),
            Identity(role: .operator, tenant: nil, keyName: "local"),
        ]
        owners += identities.compactMap { $0 }.map { .peer($0) }
        let directory = KeyDirectory(path: keys)
        for owner in owners {
            let certificate = try KeysCommand.generate(owner)
            if unsafe access("\(keys)/\(certificate.fileName).cert_secret", F_OK) != 0 {
                try directory.add(certificate)
            }
        }
    }

    /// Writes the configuration of clients, atomically.
    func writeClientConfiguration(_ endpoints: CoordinatorConfiguration.Endpoints) throws {
        let text = """
            # Written by firn farm when it starts. Use: firn submit --config \(clientConfiguration)
            endpoint: "\(endpoints.clients)"
            key: keys/client-\(tenant)-local.cert_secret
            serverKey: keys/coordinator.cert
            operators:
              endpoint: "\(endpoints.operators)"
              key: keys/operator-local.cert_secret

            """
        do throws(WriteFailure) {
            try WholeFile.write(Array(text.utf8), to: clientConfiguration, .replacing)
        } catch {
            throw CommandFailure(error.description)
        }
    }
}
