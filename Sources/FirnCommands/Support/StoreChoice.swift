import Glibc
import NixStore

/// The store that a command writes to.
package enum StoreChoice: Equatable, Sendable {
    /// Store paths are computed and nothing is written.
    case computed
    /// The store of the Nix daemon that listens on a socket.
    case daemon(socket: [UInt8])
    /// The objects of this directory.
    case directory([UInt8])
    /// A stream in a file; nil for standard output.
    case export([UInt8]?)

    /// Why there is no such store.
    package struct Mistake: Error, Equatable {
        package var message: String
    }

    /// What the choice depends on.
    package struct Wishes {
        /// The values of `--store` and `--export`.
        package var store: String?
        package var export: String?
        /// Whether `--readonly-mode` and `--read-write-mode` are given.
        package var isReadOnly = false
        package var isReadWrite = false
        /// Whether the command writes to the store that the environment names, even without `--read-write-mode`.
        package var followsEnvironment = false
        package var workingDirectory: [UInt8]

        package init(workingDirectory: [UInt8]) { self.workingDirectory = workingDirectory }
    }

    /// Chooses a store by the rules of Nix: the flag, then NIX_REMOTE, then NIX_STORE_DIR.
    ///
    /// - Parameters:
    ///   - wishes: the command line.
    ///   - variable: the value of an environment variable.
    package init(_ wishes: Wishes, variable: (String) -> [UInt8]?) throws(Mistake) {
        func absolute(_ path: some Collection<UInt8>) -> [UInt8] {
            CanonPath.absolute(Array(path), relativeTo: wishes.workingDirectory)
        }
        if wishes.isReadOnly {
            guard wishes.export == nil else {
                throw Mistake(message: "--export writes what is added to the store, which --readonly-mode forbids")
            }
            self = .computed
            return
        }
        if let export = wishes.export {
            self = .export(export == "-" ? nil : absolute(export.utf8))
            return
        }
        let isWritten = wishes.followsEnvironment || wishes.isReadWrite
        let name = wishes.store.map { Array($0.utf8) } ?? (isWritten ? variable("NIX_REMOTE") : nil) ?? []
        if !name.isEmpty {
            self = try Self.named(name, absolute: absolute, variable: variable)
        } else if wishes.isReadWrite, variable("NIX_STORE_DIR") != nil {
            self = .directory(StorePath.directory)
        } else {
            self = .computed
        }
    }

    private static func named(
        _ name: [UInt8], absolute: (ArraySlice<UInt8>) -> [UInt8], variable: (String) -> [UInt8]?
    ) throws(Mistake) -> StoreChoice {
        let text = String(decoding: name, as: UTF8.self)
        let scheme = Array("unix://".utf8)
        if name.contains(UInt8(ascii: "?")) {
            throw Mistake(
                message: "the store '\(text)' has parameters, and firn knows none; leave out what follows '?'")
        }
        if text == "daemon" || name == scheme { return .daemon(socket: socket(variable)) }
        if name.starts(with: scheme) { return .daemon(socket: absolute(name[scheme.count...])) }
        if text == "dummy://" { return .computed }
        if text == "local" || text == "auto" || text.hasPrefix("local://") {
            throw Mistake(
                message:
                    "the store '\(text)' cannot be written without its daemon; start nix-daemon and use --store daemon, "
                    + "write a stream for nix-store --import with --export FILE, or write nothing with --readonly-mode")
        }
        guard !text.contains("://"), name.contains(UInt8(ascii: "/")) else {
            throw Mistake(
                message:
                    "unknown store '\(text)'; firn writes to daemon, unix://SOCKET, or a directory, whose name has a "
                    + "slash (./\(text))")
        }
        let root = absolute(name[...])
        return .directory(root == [UInt8(ascii: "/")] ? StorePath.directory : root + StorePath.directory)
    }

    /// The socket of this machine's daemon, which the environment may name.
    package static func daemonSocket() -> [UInt8] {
        let io = LocalIO()
        return socket { io.environmentVariable(Array($0.utf8)) }
    }

    /// The socket of this machine's daemon.
    private static func socket(_ variable: (String) -> [UInt8]?) -> [UInt8] {
        if let path = variable("NIX_DAEMON_SOCKET_PATH"), !path.isEmpty { return CanonPath.canonicalize(path) }
        let state = variable("NIX_STATE_DIR").flatMap { $0.isEmpty ? nil : $0 } ?? Array("/nix/var/nix".utf8)
        return CanonPath.canonicalize(state + Array("/daemon-socket/socket".utf8))
    }

    /// Whether a link can keep an object of the store from being collected.
    package var hasRoots: Bool {
        switch self {
        case .daemon, .directory: true
        case .computed, .export: false
        }
    }

    /// Where the objects of the store lie; nil if they lie nowhere.
    var objectDirectory: [UInt8]? {
        switch self {
        case .daemon: StorePath.directory
        case .directory(let path): path
        case .computed, .export: nil
        }
    }

    /// Refuses what cannot be used here.
    ///
    /// - Parameter needsRoots: whether links to the store are asked for.
    package func check(needsRoots: Bool = false) throws(Mistake) {
        if needsRoots, !hasRoots {
            throw Mistake(
                message: "--add-root and --gc-roots-dir need a store that is written: add --store daemon or --store DIR"
            )
        }
        if self == .export(nil), Output.isTerminal(1) {
            throw Mistake(
                message: "the export is not printed on a terminal; pass it to nix-store --import or to a file")
        }
    }

    /// Opens the store; nil if nothing is written.
    ///
    /// - Parameter building: what a daemon is told about builds.
    package func open(_ building: DaemonOptions) throws(StoreWriteError) -> (any StoreWriter)? {
        // A file that grows beyond the limit of `ulimit -f` is then an error of the write, and not the end of the process.
        if self != .computed { signal(SIGXFSZ, SIG_IGN) }
        switch self {
        case .computed: return nil
        case .daemon(let socket): return try DaemonStore(socket: socket, options: building) { Output.message($0) }
        case .directory(let path): return try DirectoryStore(path)
        case .export(let path?): return try ExportWriter(file: path)
        case .export(nil): return try ExportWriter(standardOutput: ())
        }
    }
}

extension StoreChoice {
    /// The store directory that the environment asks for; nil for the usual one.
    static func directory(variable: (String) -> [UInt8]?) throws(Mistake) -> [UInt8]? {
        guard let path = variable("NIX_STORE_DIR") ?? variable("NIX_STORE"), !path.isEmpty else { return nil }
        guard path.first == UInt8(ascii: "/") else {
            throw Mistake(
                message: "NIX_STORE_DIR is '\(String(decoding: path, as: UTF8.self))', which is no absolute path")
        }
        return CanonPath.canonicalize(path)
    }
}
