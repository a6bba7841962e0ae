import Glibc
import NixStore
import NixVM
import Sandbox

/// What an evaluating process is told at its start. It reads no configuration, whose files it could not open, and gets
/// no keys.
struct EvaluatorSettings: Sendable, Codable {
    var roots: [String: String]
    var programCacheBytes: Int
    var programCacheDirectory: String?
    var downloadDirectory: String?
    var downloadURLs: [String]
    var printedBytes: Int
    var traceQueueBytes: Int
    var builder: WorkerBuilder?
    var preparedSets: [PreparedSet]
    var sandbox: SandboxPolicy

    init(_ configuration: WorkerConfiguration) {
        roots = configuration.roots
        programCacheBytes = configuration.programCacheBytes
        programCacheDirectory = configuration.programCacheDirectory
        downloadDirectory = configuration.downloadDirectory
        downloadURLs = configuration.downloadURLs
        printedBytes = configuration.printedBytes
        traceQueueBytes = configuration.traceQueueBytes
        builder = configuration.builder
        preparedSets = configuration.preparedSets
        sandbox = configuration.sandboxPolicy
    }

    /// What the fetchers of jobs may do.
    var fetching: FetchSettings {
        .farm(downloadDirectory: downloadDirectory, downloadURLs: downloadURLs)
    }

    /// Opens the roots.
    func openRoots() throws(RootedIOError) -> RootedIO {
        let directories = roots.sorted { $0.key < $1.key }
        return try RootedIO(roots: directories.map { RootedIO.Root(name: $0.key, directory: Array($0.value.utf8)) })
    }
}

extension FetchSettings {
    /// What the fetchers of a farm's jobs may do.
    static func farm(downloadDirectory: String?, downloadURLs: [String]) -> FetchSettings {
        var fetching = FetchSettings()
        guard let downloadDirectory else { return fetching }
        fetching.network = NetworkSettings(cacheDirectory: downloadDirectory, repositoryDirectory: downloadDirectory)
        fetching.allowedURIs = downloadURLs.isEmpty ? nil : downloadURLs
        return fetching
    }
}

extension WorkerConfiguration {
    /// The sandbox of the evaluating processes, with the files that the configuration names.
    var sandboxPolicy: SandboxPolicy {
        var policy = sandbox
        // The evaluator asks there how much address space it uses.
        policy.readable += ["/proc/self/statm"] + roots.values.sorted()
        // The dispatch library looks there once a second at the states of its threads, and traps if it cannot.
        policy.readable.append("/proc/self/task")
        if let images { policy.readable.append(images.directory) }
        for case .file(let path) in preparedSets.map(\.origin) { policy.readable.append(path) }
        if let programCacheDirectory { policy.writable.append(programCacheDirectory) }
        if let builder {
            policy.usesLocalSockets = true
            policy.readable += [StorePath.directory, builder.socket].map { String(decoding: $0, as: UTF8.self) }
        }
        if let downloadDirectory {
            policy.writable += [downloadDirectory, "/dev/null"]
            policy.executable += ["/usr", "/bin", "/lib", "/lib64", "/etc"].filter(Self.exists)
        }
        return policy
    }

    private static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }
}
