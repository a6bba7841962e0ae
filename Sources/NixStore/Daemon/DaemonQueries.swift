/// Asks a Nix daemon what its store has.
public final class DaemonQueries {
    /// What it takes to have some paths and outputs.
    public struct Missing: Sendable, Equatable {
        /// The derivations that must be built, sorted.
        public var builds: [[UInt8]] = []
        /// The paths that substituters have, sorted.
        public var substitutes: [[UInt8]] = []
        /// The paths of which the daemon does not know how to make them.
        public var unknown: [[UInt8]] = []

        public init(builds: [[UInt8]] = [], substitutes: [[UInt8]] = [], unknown: [[UInt8]] = []) {
            self.builds = builds
            self.substitutes = substitutes
            self.unknown = unknown
        }
    }

    private let connection: DaemonConnection
    /// The references that were asked for.
    private var references: [[UInt8]: [[UInt8]]] = [:]

    /// How long a daemon may be silent. It asks substituters, which may be slow.
    private static let patience = Duration.seconds(600)

    /// Connects to a daemon.
    ///
    /// - Parameters:
    ///   - path: the path of its socket.
    ///   - log: receives the lines of its log, each with its line end.
    public init(socket path: [UInt8], log: @escaping ([UInt8]) -> Void) throws(StoreWriteError) {
        let transport: UnixSocket
        do throws(SystemError) {
            transport = try UnixSocket(path, patience: Self.patience)
        } catch {
            throw StoreWriteError(
                "cannot connect to the Nix daemon at ", path,
                ": \(error.reason); start nix-daemon, or name its socket with NIX_DAEMON_SOCKET_PATH")
        }
        connection = DaemonConnection(transport, name: path, log: log)
        try connection.greet()
    }

    deinit { connection.close() }

    /// Asks what must be built or substituted to have some paths.
    ///
    /// - Parameter wanted: store paths, or a derivation's path, `!`, and names of outputs separated by commas.
    public func missing(_ wanted: [[UInt8]]) throws(StoreWriteError) -> Missing {
        connection.action = Array("it was asked what is missing".utf8)
        var request = WireWriter()
        request.operation(.queryMissing)
        request.texts(wanted)
        try connection.send(request.bytes)
        try connection.receiveMessages()
        var missing = Missing()
        missing.builds = try paths()
        missing.substitutes = try paths()
        missing.unknown = try paths()
        // The bytes to download, and those that they become.
        for _ in 0..<2 { _ = try connection.number() }
        return missing
    }

    private func paths() throws(StoreWriteError) -> [[UInt8]] {
        try connection.texts(atMost: WorkerProtocol.Bound.paths).sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Puts store paths behind those that they refer to. Of paths that are independent of each other, the order is that
    /// of the paths.
    ///
    /// - Parameter paths: store paths, sorted.
    public func ordered(_ paths: [[UInt8]]) throws(StoreWriteError) -> [[UInt8]] {
        let members = Set(paths)
        var result: [[UInt8]] = []
        var seen: Set<[UInt8]> = []
        // Each path on the way with those of its references that are still to be visited, the next one last.
        var way: [(path: [UInt8], left: [[UInt8]])] = []
        for path in paths where seen.insert(path).inserted {
            way.append((path, try references(path, among: members)))
            while let last = way.last {
                guard let next = last.left.last else {
                    result.append(last.path)
                    way.removeLast()
                    continue
                }
                way[way.count - 1].left.removeLast()
                if seen.insert(next).inserted { way.append((next, try references(next, among: members))) }
            }
        }
        return result
    }

    /// The references of a path among others, with the first one last.
    private func references(_ path: [UInt8], among members: Set<[UInt8]>) throws(StoreWriteError) -> [[UInt8]] {
        if references[path] == nil { references[path] = try ask(path) }
        let known = references[path] ?? []
        return known.filter(members.contains).sorted { $1.lexicographicallyPrecedes($0) }
    }

    private func ask(_ path: [UInt8]) throws(StoreWriteError) -> [[UInt8]] {
        connection.action = Array("it was asked about '".utf8) + path + Array("'".utf8)
        var request = WireWriter()
        request.operation(.queryPathInfo)
        request.text(path)
        try connection.send(request.bytes)
        try connection.receiveMessages()
        guard try connection.flag() else { return [] }
        // The derivation that built it, and its hash.
        for _ in 0..<2 { _ = try connection.text() }
        let references = try connection.texts(atMost: WorkerProtocol.Bound.paths)
        // The time and the size, and whether it was built here; then signatures and the content address.
        for _ in 0..<3 { _ = try connection.number() }
        _ = try connection.texts(atMost: WorkerProtocol.Bound.items)
        _ = try connection.text()
        return references
    }
}
