import FirnCommands
import FirnProtocol
import FirnWorker
import Glibc
import NixStore
import Sandbox
import ZeroMQ

/// The settings of `firn worker`, as config/worker.yaml describes them.
struct WorkerSettings {
    /// The number of supervised processes. Several are called NAME-0, NAME-1 and so on.
    var processes = 1
    /// A process is killed if its evaluation continues for this long after its deadline or cancellation.
    var cancelGrace = Duration.seconds(5)
    /// The user as whom a worker runs that root starts; nil for the one who starts it.
    private(set) var user: String?
    private(set) var allowsRoot = false
    /// The worker's configuration without keys, which `configurationWithKeys` adds.
    var configuration: WorkerConfiguration
    private var key: String?
    private var serverKey: String?

    /// Reads every key of a worker's configuration.
    init(_ source: inout SettingsSource) throws(SettingsError) {
        let name = try source.parsed("name", expected: "a name of at most 240 bytes without control characters") {
            text in
            text.utf8.count <= 240 && TerminalText.line(text) == text ? text : nil
        }
        configuration = WorkerConfiguration(
            name: name ?? Self.hostName,
            endpoint: try source.endpoint("endpoint") ?? "tcp://127.0.0.1:\(Endpoint.workers.defaultPort)")
        configuration.traceEndpoint = try source.endpoint("traceEndpoint")
        key = try source.path("key")
        serverKey = try source.path("serverKey")
        processes = try source.number("processes", in: 1...1_024) ?? processes
        cancelGrace = try source.milliseconds("cancelGraceMs", in: 100...3_600_000) ?? cancelGrace
        user = try source.string("user")
        allowsRoot = try source.flag("allowRoot") ?? allowsRoot
        configuration.sandbox = try SandboxPolicy(&source)
        configuration.sandbox[.notRoot] = allowsRoot ? .optional : .required
        let keptTenants = try source.number("keptTenants", in: 1...1_024) ?? 4
        if try source.flag("sandbox.enabled") ?? false {
            configuration.evaluators = EvaluatorLaunch(executable: "/proc/self/exe")
            configuration.evaluators?.tenants = keptTenants
        }
        configuration.roots = try Self.roots(&source)
        configuration.builder = try Self.builder(&source)
        try configuration.readPreparedSets(&source)
        try configuration.read(&source)
    }

    /// The worker's configuration with its keys.
    ///
    /// - Throws: `CommandFailure` if the keys cannot be used.
    func configurationWithKeys() throws -> WorkerConfiguration {
        var configuration = configuration
        configuration.security = try PeerSecurity.security(key: key, serverKey: serverKey, role: .worker)
        return configuration
    }

    private static func roots(_ source: inout SettingsSource) throws(SettingsError) -> [String: String] {
        guard let (values, directory) = try source.strings("roots") else { return [:] }
        var roots: [String: String] = [:]
        let base = directory.map { CanonPath.absolute(Array($0.utf8), relativeTo: currentDirectory()) }
        for text in values {
            guard let root = RootArgument(argument: text) else {
                throw SettingsError("roots: '\(text)' is not NAME=DIRECTORY")
            }
            let path = CanonPath.absolute(Array(root.directory.utf8), relativeTo: base ?? currentDirectory())
            guard roots.updateValue(String(decoding: path, as: UTF8.self), forKey: root.name) == nil else {
                throw SettingsError("roots: '\(root.name)' is named twice")
            }
        }
        return roots
    }

    /// The daemon that builds what jobs read; nil if the configuration names none.
    private static func builder(_ source: inout SettingsSource) throws(SettingsError) -> WorkerBuilder? {
        let jobs = try source.number("builds.jobs", in: 1...1_024)
        var options = NixSettings.buildingHere
        options.substitutes = try source.flag("builds.substitute") ?? options.substitutes
        options.jobs = try source.number("builds.maxJobs", in: 1...1_024) ?? options.jobs
        options.cores = try source.number("builds.cores", in: 0...1_024) ?? options.cores
        options.buildSeconds = try source.number("builds.timeoutSeconds", in: 0...31_536_000) ?? options.buildSeconds
        options.silentSeconds = try source.number("builds.silentSeconds", in: 0...31_536_000) ?? options.silentSeconds
        guard let name = try source.string("builds.store") else { return nil }
        let socket: [UInt8]
        do { socket = try daemonSocket(name) } catch { throw SettingsError("builds.store: \(error)") }
        var builder = WorkerBuilder(socket: socket)
        builder.options = options
        builder.concurrentJobs = jobs ?? builder.concurrentJobs
        return builder
    }

    /// The socket of the daemon that a store names.
    ///
    /// - Throws: `CommandFailure` for another store.
    static func daemonSocket(_ name: String) throws -> [UInt8] {
        let choice: StoreChoice
        do throws(StoreChoice.Mistake) {
            var wishes = StoreChoice.Wishes(workingDirectory: currentDirectory())
            wishes.store = name
            choice = try StoreChoice(wishes) { LocalIO().environmentVariable(Array($0.utf8)) }
        } catch {
            throw CommandFailure(error.message, exitCode: 2)
        }
        guard case .daemon(let socket) = choice else {
            throw CommandFailure("builds are made by daemon or unix://SOCKET, not by '\(name)'", exitCode: 2)
        }
        return socket
    }

    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&name, name.count - 1) == 0 else { return "worker" }
        let text = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return text.isEmpty ? "worker" : text
    }
}

extension WorkerConfiguration {
    fileprivate mutating func read(_ source: inout SettingsSource) throws(SettingsError) {
        announcesContentIDs = try source.flag("contentIDs") ?? announcesContentIDs
        heldJobs = try source.number("heldJobs", in: 1...10_000) ?? heldJobs
        uncommittedResults = try source.number("uncommittedResults", in: 1...100_000) ?? uncommittedResults
        uncommittedBytes = try source.size("uncommittedBytes") ?? uncommittedBytes
        programCacheBytes = try source.size("programCacheBytes", atLeast: 0) ?? programCacheBytes
        programCacheDirectory = try source.path("programCacheDirectory")
        downloadDirectory = try source.path("downloadDirectory")
        downloadURLs = try source.strings("downloadURLs")?.values ?? downloadURLs
        printedBytes =
            try source.size("printedBytes", atLeast: 0, atMost: ProtocolLimits.printedBytes) ?? printedBytes
        traceQueueBytes = try source.size("traceQueueBytes") ?? traceQueueBytes
        drainTimeout = try source.milliseconds("drainTimeoutMs", in: 0...86_400_000) ?? drainTimeout
        ipv6 = try source.flag("ipv6") ?? ipv6
    }
}
