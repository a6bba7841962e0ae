/// The store of a Nix daemon.
///
/// Sources are sent when they are added, in pieces. The daemon hashes them itself and says under which path it has
/// them. Texts, of which derivations are most, are collected and sent together, because an answer takes longer than a
/// derivation. Everything is named a temporary root before the daemon is asked whether it has it, so that it cannot be
/// collected in between or before the command ends.
public final class DaemonStore: StoreWriter {
    let connection: DaemonConnection
    let transport: UnixSocket
    /// Receives the lines of the daemon's log, each with its line end.
    let log: ([UInt8]) -> Void
    /// The texts that were added and not sent, in that order.
    private var waiting: [StoreAddition] = []
    private var waitingBytes = 0

    /// The texts and bytes of texts that wait to be sent together.
    private static let batchCount = 256
    private static let batchBytes = 1 << 20
    /// The buffers of the connection and of a framed stream.
    private static let bufferBytes = 4 * UnixSocket.chunkBytes
    /// How long a daemon may be silent. After a large tree it writes, hashes and deduplicates for minutes.
    private static let patience = Duration.seconds(600)
    /// How long it may take to greet, for which it needs a process and its database.
    private static let greetingPatience = Duration.seconds(60)

    /// Twice the texts, because they are encoded together.
    public var byteCount: Int { Self.bufferBytes + 2 * waitingBytes }

    /// Connects to a daemon.
    ///
    /// - Parameters:
    ///   - path: the path of its socket.
    ///   - options: how it builds.
    ///   - patience: how long it may be silent; nil for a minute at first and then ten minutes.
    ///   - log: receives the lines of its log, each with its line end.
    public init(
        socket path: [UInt8], options: DaemonOptions = DaemonOptions(), patience: Duration? = nil,
        log: @escaping ([UInt8]) -> Void
    ) throws(StoreWriteError) {
        self.log = log
        do throws(SystemError) {
            transport = try UnixSocket(path, patience: patience ?? Self.greetingPatience)
        } catch {
            throw StoreWriteError(
                "cannot connect to the Nix daemon at ", path,
                ": \(error.reason); start nix-daemon, or name its socket with --store unix://SOCKET or "
                    + "NIX_DAEMON_SOCKET_PATH")
        }
        connection = DaemonConnection(transport, name: path, log: log)
        try request(Array("it was greeted".utf8), { false }) { () throws(StoreWriteError) in
            try connection.greet(options)
        }
        transport.patience = patience ?? Self.patience
    }

    deinit { connection.close() }

    public func add(_ addition: StoreAddition, isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        guard addition.address.method == .text, addition.object.text != nil else {
            return try send(source: addition, isStopped)
        }
        waiting.append(addition)
        waitingBytes += addition.object.byteCount + addition.path.count
        if waiting.count >= Self.batchCount || waitingBytes >= Self.batchBytes { try flush(isStopped: isStopped) }
    }

    public func present(_ paths: [[UInt8]], isStopped: @escaping () -> Bool) throws(StoreWriteError) -> Set<[UInt8]> {
        var present: Set<[UInt8]> = []
        var start = 0
        while start < paths.count {
            let batch = Array(paths[start..<min(paths.count, start + Self.batchCount)])
            start += batch.count
            try request(Array("'".utf8) + batch[0] + Array("' was asked for".utf8), isStopped) {
                () throws(StoreWriteError) in present.formUnion(try valid(batch))
            }
        }
        return present
    }

    public func flush(isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        guard let first = waiting.first else { return }
        let batch = waiting
        let others = batch.count == 1 ? "" : " and \(batch.count - 1) other texts"
        try request(Array("'".utf8) + first.path + Array("'\(others) were added".utf8), isStopped) {
            () throws(StoreWriteError) in
            let missing = try missing(batch)
            if !missing.isEmpty { try sendTogether(missing) }
        }
        waiting = []
        waitingBytes = 0
    }

    public func finish(isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        try flush(isStopped: isStopped)
        connection.close()
    }

    public func abandon() { connection.close() }

    public func addRoot(
        _ link: [UInt8], to path: [UInt8], isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) {
        try request(Array("the root '".utf8) + link + Array("' was added".utf8), isStopped) {
            () throws(StoreWriteError) in
            // The link may be read by a collection as soon as it is there.
            var hold = WireWriter()
            hold.operation(.addTempRoot)
            hold.text(path)
            try connection.send(hold.bytes)
            try receiveDone()
            try RootLink.make(link, to: path)
            var request = WireWriter()
            request.operation(.addIndirectRoot)
            request.text(link)
            try connection.send(request.bytes)
            try receiveDone()
        }
    }

    /// Runs a request. The connection is closed if it fails.
    func request(
        _ action: [UInt8], _ isStopped: @escaping () -> Bool, _ body: () throws(StoreWriteError) -> Void
    ) throws(StoreWriteError) {
        connection.action = action
        connection.isStopped = isStopped
        do throws(StoreWriteError) {
            try body()
        } catch {
            connection.close()
            throw error
        }
    }

    /// Reads the answer of a request whose result is the number 1.
    func receiveDone() throws(StoreWriteError) {
        try connection.receiveMessages()
        _ = try connection.number()
    }
}

/// What the daemon has.
extension DaemonStore {
    /// Holds objects, and finds those that the daemon does not have.
    private func missing(_ batch: [StoreAddition]) throws(StoreWriteError) -> [StoreAddition] {
        let valid = try valid(batch.map(\.path))
        return batch.filter { !valid.contains($0.path) }
    }

    /// Holds paths, and finds those that the daemon has.
    private func valid(_ paths: [[UInt8]]) throws(StoreWriteError) -> Set<[UInt8]> {
        var requests = WireWriter()
        for path in paths {
            requests.operation(.addTempRoot)
            requests.text(path)
        }
        requests.operation(.queryValidPaths)
        requests.texts(paths)
        if connection.minor >= WorkerProtocol.Minor.substitution { requests.flag(false) }
        // The daemon answers one request after the other, and all answers fit into the buffers of the socket.
        try connection.send(requests.bytes)
        for _ in paths { try receiveDone() }
        try connection.receiveMessages()
        return Set(try connection.texts(atMost: paths.count))
    }

    private func isMissing(_ addition: StoreAddition) throws(StoreWriteError) -> Bool {
        var requests = WireWriter()
        requests.operation(.addTempRoot)
        requests.text(addition.path)
        requests.operation(.isValidPath)
        requests.text(addition.path)
        try connection.send(requests.bytes)
        try receiveDone()
        try connection.receiveMessages()
        return try !connection.flag()
    }
}

/// What is sent.
extension DaemonStore {
    private func send(
        source addition: StoreAddition, _ isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) {
        try request(Array("'".utf8) + addition.path + Array("' was added".utf8), isStopped) {
            () throws(StoreWriteError) in
            if try isMissing(addition) { try sendAlone(addition) }
        }
    }

    /// Adds one object in pieces.
    private func sendAlone(_ addition: StoreAddition) throws(StoreWriteError) {
        try connection.send(Self.header(addition))
        var sink = FramedSink(connection)
        do throws(ArchiveError) {
            let isStopped = connection.isStopped
            if addition.address.method == .nar {
                try addition.object.writeArchive(to: &sink) { _ in !isStopped() }
            } else {
                try addition.object.writeFile(to: &sink) { _ in !isStopped() }
            }
        } catch {
            throw sink.failure ?? StoreWriteError(error, adding: addition.path)
        }
        try sink.finish()
        try connection.receiveMessages()
        try receiveObject(addition)
    }

    /// The request to add an object, without its contents.
    private static func header(_ addition: StoreAddition) -> [UInt8] {
        var request = WireWriter()
        request.operation(.addToStore)
        request.text(StorePath.name(addition.path))
        request.text(addition.address.kind)
        request.texts(addition.object.references)
        // Whether to repair an object that the daemon has.
        request.flag(false)
        return request.bytes
    }

    /// Reads what the daemon tells of an object that it has added, and checks its store path.
    private func receiveObject(_ addition: StoreAddition) throws(StoreWriteError) {
        let path = try connection.text()
        _ = try receiveInfo(references: addition.object.references.count)
        guard path == addition.path else { throw .changed(addition.path) }
    }

    /// Reads what the daemon knows of an object.
    ///
    /// - Parameter limit: the most store paths that the object may refer to.
    /// - Returns: the store paths that it refers to.
    func receiveInfo(references limit: Int) throws(StoreWriteError) -> [[UInt8]] {
        // The derivation that built it, and its hash.
        for _ in 0..<2 { _ = try connection.text() }
        let references = try connection.texts(atMost: limit)
        // The time and the size, and whether it was built here.
        for _ in 0..<3 { _ = try connection.number() }
        // Its signatures, and from what its path follows.
        _ = try connection.texts(atMost: WorkerProtocol.Bound.items)
        _ = try connection.text()
        return references
    }

    /// Adds texts: all requests are sent before the first answer is awaited. The answers repeat the references, so those
    /// that arrive meanwhile have hardly more bytes than the batch, which the transport keeps, and neither side can block
    /// the other.
    ///
    /// `AddMultipleToStore` would do the same in one request, but the daemons of Nix 2.8 to 2.16 lose their place in its
    /// stream when another client has added one of the objects meanwhile.
    private func sendTogether(_ batch: [StoreAddition]) throws(StoreWriteError) {
        var requests = WireWriter()
        for addition in batch {
            requests.bytes += Self.header(addition)
            let text = addition.object.text ?? []
            if !text.isEmpty {
                requests.number(text.count)
                requests.bytes += text
            }
            requests.number(0)
        }
        try connection.send(requests.bytes)
        for addition in batch {
            try connection.receiveMessages()
            try receiveObject(addition)
        }
    }
}

/// Sends a framed stream.
private struct FramedSink: NarSink {
    private let connection: DaemonConnection
    private var piece: [UInt8] = []
    private(set) var failure: StoreWriteError?

    init(_ connection: DaemonConnection) {
        self.connection = connection
        piece.reserveCapacity(UnixSocket.chunkBytes)
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        unsafe piece.append(contentsOf: bytes)
        if piece.count >= UnixSocket.chunkBytes { send() }
        return failure == nil
    }

    /// Sends the rest, and the empty piece that ends the stream.
    mutating func finish() throws(StoreWriteError) {
        if !piece.isEmpty { send() }
        if let failure { throw failure }
        var end = WireWriter()
        end.number(0)
        try connection.send(end.bytes)
    }

    private mutating func send() {
        if failure == nil {
            do throws(StoreWriteError) {
                var head = WireWriter()
                head.number(piece.count)
                try connection.send(head.bytes)
                try connection.send(piece)
                try connection.receiveEarlyMessages()
            } catch {
                failure = error
            }
        }
        piece.removeAll(keepingCapacity: true)
    }
}
