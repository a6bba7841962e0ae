import FirnClient
import FirnCommands
import FirnCoordinator
import FirnProtocol
import FoundationEssentials
import NixEval
import NixStore

/// Receives the store objects of jobs and writes them to a store. Jobs are received one after the other, and an object
/// that several of them have is received once.
///
/// Nothing that comes from the farm is believed: the path of every object is computed from its contents before it is
/// written.
///
/// The actor has a thread of its own, because a store may block it.
actor ClosureReceiver {
    private nonisolated let executor: BigStackExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    let client: FirnClient
    let writer: any StoreWriter
    /// The roots that the client has too.
    let roots: RootedIO
    /// The store paths that are written or in the store.
    var written: Set<[UInt8]> = []
    /// Whether a job is being received, and who waits for its end.
    private var isReceiving = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Bytes of one object. A coordinator keeps less of a whole job, unless its operator allows more.
    static let maximumObjectBytes = 64 << 30

    /// Opens the store.
    ///
    /// - Parameters:
    ///   - choice: the store; not `computed`, to which nothing is written.
    ///   - client: a client of the farm.
    ///   - roots: directories of this machine that have the contents of roots of the workers.
    /// - Returns: nil if nothing is written.
    static func open(
        _ choice: StoreChoice, client: FirnClient, roots: [RootArgument] = []
    ) async throws -> ClosureReceiver? {
        if choice == .computed { return nil }
        guard await client.welcome.closures else {
            throw CommandFailure("the farm gives no store objects: its coordinator is older than this command")
        }
        return try ClosureReceiver(choice, client: client, roots: roots)
    }

    private init(_ choice: StoreChoice, client: FirnClient, roots: [RootArgument]) throws {
        executor = try BigStackExecutor(name: "firn-closures")
        self.client = client
        self.roots = try RootedIO(
            roots: roots.map { RootedIO.Root(name: $0.name, directory: Array(try $0.resolved().utf8)) })
        guard let writer = try Self.reporting({ () throws(StoreWriteError) in try choice.open(DaemonOptions()) }) else {
            throw CommandFailure("there is no store to write to")
        }
        self.writer = writer
    }

    /// Receives what a finished job made. On return all of it is in the store, or part of the stream.
    func receive(_ status: WireJobStatus) async throws {
        guard status.result.outcome == .ok else { return }
        guard status.result.hasClosure else {
            throw CommandFailure(
                "job \(status.job) gave no store objects: submit it with --derivations client, --store or --export")
        }
        while isReceiving { await withCheckedContinuation { waiting.append($0) } }
        isReceiving = true
        defer {
            isReceiving = false
            let next = waiting
            waiting = []
            for waiter in next { waiter.resume() }
        }
        try await receive(status.job, status.result.closure)
        try writing { (writer, isStopped) throws(StoreWriteError) in try writer.flush(isStopped: isStopped) }
    }

    /// Writes an object that this command has made of others.
    func write(_ addition: StoreAddition) throws {
        try add(addition)
        try writing { (writer, isStopped) throws(StoreWriteError) in try writer.flush(isStopped: isStopped) }
    }

    /// Makes a link that keeps a store path from being collected as garbage.
    func addRoot(_ link: [UInt8], to path: [UInt8]) throws {
        try writing { (writer, isStopped) throws(StoreWriteError) in
            try writer.addRoot(link, to: path, isStopped: isStopped)
        }
    }

    /// Ends the writing. An export gets its name.
    func finish() throws {
        try writing { (writer, isStopped) throws(StoreWriteError) in try writer.finish(isStopped: isStopped) }
    }

    /// Ends the writing after a failure. Of an export nothing is left.
    func abandon() { writer.abandon() }

    /// Uses the writer. Its failure becomes the command's.
    func writing<Result>(
        _ body: (any StoreWriter, @escaping () -> Bool) throws(StoreWriteError) -> Result
    ) throws -> Result {
        try Self.reporting { () throws(StoreWriteError) in try body(writer) { Task.isCancelled } }
    }

    /// Runs what touches a store. Its failure becomes the command's.
    static func reporting<Result>(_ body: () throws(StoreWriteError) -> Result) throws -> Result {
        do throws(StoreWriteError) {
            return try body()
        } catch {
            throw CommandFailure(String(decoding: error.message, as: UTF8.self))
        }
    }
}
