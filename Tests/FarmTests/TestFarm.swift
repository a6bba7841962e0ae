import FirnClient
import FirnKeys
import FirnProtocol
import Foundation
import ZeroMQ

/// A farm of real processes in a directory of its own, over ipc with CURVE. The processes are killed with the object.
final class TestFarm: @unchecked Sendable {
    // The class is unchecked because each test uses its farm from one task.
    let directory = NSTemporaryDirectory() + "firn-\(UUID().uuidString.prefix(8))"
    var coordinator: FarmProcess?
    var workers: [FarmProcess] = []
    private let coordinatorArguments: [String]

    /// - Parameter settings: settings of the coordinator as `KEY=VALUE`.
    init(clients: [String] = ["acme/one"], settings: [String] = []) async throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        var arguments = ["coordinator", "--keys", "\(directory)/keys", "--store", "\(directory)/store"]
        for endpoint in Endpoint.allCases {
            arguments += ["--set", "endpoints.\(endpoint.rawValue)=ipc://\(directory)/\(endpoint.rawValue)"]
        }
        for setting in ["logLevel=warning"] + settings { arguments += ["--set", setting] }
        coordinatorArguments = arguments
        let made = try await FarmProcess.run(
            ["keys", "\(directory)/keys", "--coordinator", "--worker", "w", "--operator", "o"]
                + clients.flatMap { ["--client", $0] })
        guard made.code == 0 else { throw Timeout(description: "keys: \(made.errors)") }
        try await startCoordinator()
    }

    deinit {
        for process in workers + [coordinator].compactMap({ $0 }) { process.signal(SIGKILL) }
        try? FileManager.default.removeItem(atPath: directory)
    }

    func startCoordinator() async throws {
        let process = try FarmProcess(coordinatorArguments)
        coordinator = process
        try await eventually("the coordinator is ready") {
            guard process.isRunning else { throw Timeout(description: "the coordinator ended: \(process.errors)") }
            return process.output.contains("ready")
        }
    }

    /// Starts a worker in place of the one with that index, or after the last.
    func startWorker(
        _ index: Int, settings: [String] = [], roots: [String] = [], addressSpaceKibibytes: Int? = nil
    ) throws {
        var arguments = [
            "worker", "--endpoint", "ipc://\(directory)/workers", "--name", "w\(index)",
            "--key", "\(directory)/keys/worker-w.cert_secret", "--server-key", "\(directory)/keys/coordinator.cert",
        ]
        for setting in ["logLevel=warning"] + settings { arguments += ["--set", setting] }
        for root in roots { arguments += ["--root", root] }
        let process = try FarmProcess(arguments, addressSpaceKibibytes: addressSpaceKibibytes)
        if index < workers.count { workers[index] = process } else { workers.append(process) }
    }

    /// Connects with the key of a tenant or of the operator.
    func connect(_ client: String = "acme/one", patienceSeconds: UInt64 = 60) async throws -> FirnClient {
        let name = "client-" + client.replacing("/", with: "-")
        return try await connect(key: name, endpoint: .clients, patienceSeconds: patienceSeconds)
    }

    func connectOperator() async throws -> FirnClient { try await connect(key: "operator-o", endpoint: .operators) }

    private func connect(
        key: String, endpoint: Endpoint, patienceSeconds: UInt64 = 60
    ) async throws -> FirnClient {
        var configuration = ClientConfiguration(
            endpoint: "ipc://\(directory)/\(endpoint.rawValue)", security: try security(key: key))
        configuration.unreachableAfter = .seconds(Int64(patienceSeconds))
        return try await FirnClient.connect(configuration)
    }

    func security(key: String) throws -> SocketOptions.Security {
        let own = try KeyDirectory.read("\(directory)/keys/\(key).cert_secret", needsSecret: true)
        let server = try KeyDirectory.read("\(directory)/keys/coordinator.cert", needsSecret: false)
        guard let publicKey = CurvePublicKey(z85: own.publicKey), let serverKey = CurvePublicKey(z85: server.publicKey),
            let secretKey = own.secretKey.flatMap(CurveSecretKey.init(z85:))
        else { throw Timeout(description: "\(key) is no key") }
        return .curveClient(keyPair: CurveKeyPair(publicKey: publicKey, secretKey: secretKey), serverKey: serverKey)
    }

    /// The connection arguments of client commands.
    var clientArguments: [String] {
        [
            "--endpoint", "ipc://\(directory)/clients", "--key", "\(directory)/keys/client-acme-one.cert_secret",
            "--server-key", "\(directory)/keys/coordinator.cert",
        ]
    }
}

extension WireJobSpecification {
    /// A job with a source. Its idempotency key keeps a repeated submit from running it twice.
    init(source: String, key: String = "") {
        self = .with {
            $0.source.text = Data(source.utf8)
            $0.idempotencyKey = Data(key.utf8)
        }
    }

    /// A job that repeatedly adds numbers to a seed, and the value of that.
    static func sum(
        _ count: Int, times: Int = 1, seed: Int, key: String
    ) -> (job: WireJobSpecification, value: String) {
        let source = """
            builtins.foldl' (all: _: builtins.foldl' (a: b: a + b) all (builtins.genList (x: x) \(count)))
              \(seed) (builtins.genList (x: x) \(times))
            """
        return (WireJobSpecification(source: source, key: key), "\(seed + times * (count * (count - 1) / 2))")
    }
}
