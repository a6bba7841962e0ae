import MessageText

/// Builds with a command of the user's, such as `nix-store --realise`.
///
/// The command is run by `/bin/sh` with the outputs as further arguments, each as `DERIVATION!OUTPUT`. It succeeds if all
/// of them are in the store when it has ended with the status 0. The store paths that it prints, one a line, may be read
/// besides the outputs. Its standard error is the log.
public final class CommandBuilder: DerivationBuilder {
    private let command: [UInt8]
    /// The directory in which the objects of the store are, which for a store below another root is not the directory in
    /// their paths.
    private let directory: [UInt8]
    /// Knows what is in the store; nil if nobody does.
    private let daemon: DaemonStore?
    private let log: ([UInt8]) -> Void
    private let io = LocalIO()
    /// The store paths that the command has printed.
    private var printed: Set<[UInt8]> = []

    /// The most bytes that the command may print, and of the end of its log in an error.
    private static let maximumOutput = 1 << 20
    private static let maximumReason = 4 << 10

    /// - Parameters:
    ///   - command: the command, as a shell takes it.
    ///   - directory: where the objects of the store are.
    ///   - daemon: the daemon whose store it is, if it has one. It tells to what the outputs refer. Nothing tells it of a
    ///     store without a daemon, so that copies of parts of an output have no references there.
    ///   - log: receives lines about what is built, each with its line end.
    public init(
        _ command: [UInt8], directory: [UInt8], daemon: DaemonStore? = nil, log: @escaping ([UInt8]) -> Void
    ) {
        self.command = command
        self.directory = directory
        self.daemon = daemon
        self.log = log
    }

    public func existing(
        _ outputs: [NeededOutput], isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) -> [BuiltObject]? {
        if let daemon { return try daemon.existing(outputs, isStopped: isStopped) }
        for output in outputs where !isThere(output.path) { return nil }
        let paths = Set(outputs.map(\.path)).union(printed.filter(isThere)).sorted { $0.lexicographicallyPrecedes($1) }
        return paths.map { BuiltObject(path: $0, location: location($0), references: []) }
    }

    public func build(
        _ outputs: [NeededOutput], isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) -> [NeededOutput: [UInt8]] {
        for output in outputs { log(Array("building '".utf8) + output.derivation + Array("'...\n".utf8)) }
        let script = command + Array(" \"$@\"".utf8)
        let words = [Array("-c".utf8), script, Array("firn-builder".utf8)] + outputs.map(\.installable)
        var text: [UInt8] = []
        var isTooLong = false
        var shell = Command("/bin/sh", words)
        shell.keepsEndOfMessage = true
        do throws(CommandError) {
            unsafe try shell.run(isStopped: isStopped) { piece in
                unsafe text += piece
                isTooLong = text.count > Self.maximumOutput
                return !isTooLong
            }
        } catch {
            if isTooLong {
                throw self.error("printed more than \(Self.maximumOutput) bytes; it may print store paths only")
            }
            if case .stopped = error { throw .stopped }
            return try failures(outputs, error)
        }
        for line in text.split(separator: UInt8(ascii: "\n")) where StorePath.isStorePath(Array(line)) {
            printed.insert(Array(line))
        }
        let missing = outputs.filter { !isThere($0.path) }
        return Dictionary(
            missing.map { output in
                (output, self.error("ended well, but '").message + location(output.path) + Array("' is not there".utf8))
            }
        ) { first, _ in first }
    }

    /// The outputs that are still missing after the command has failed.
    private func failures(
        _ outputs: [NeededOutput], _ error: CommandError
    ) throws(StoreWriteError) -> [NeededOutput: [UInt8]] {
        guard case .failed(let status, let message) = error else { throw self.error("cannot be run: \(error)") }
        var reason = self.error("ended with the status \(status)").message
        let end = message.suffix(Self.maximumReason)
        if !end.isEmpty { reason += Array("; the end of its log:\n".utf8) + end }
        while reason.last == UInt8(ascii: "\n") { reason.removeLast() }
        let missing = outputs.filter { !isThere($0.path) }
        return Dictionary(missing.map { ($0, reason) }) { first, _ in first }
    }

    private func error(_ what: String) -> StoreWriteError {
        StoreWriteError("the builder ", command, " \(what)")
    }

    private func location(_ path: [UInt8]) -> [UInt8] {
        CanonPath.absolute(CanonPath.baseName(of: path), relativeTo: directory)
    }

    private func isThere(_ path: [UInt8]) -> Bool { (try? io.pathExists(location(path))) == true }
}
