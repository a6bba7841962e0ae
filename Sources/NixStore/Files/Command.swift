import Glibc

/// A program of this machine that an evaluation asks for, such as `git`.
public struct Command: Sendable {
    /// Its name, looked for along PATH.
    public var tool: String
    public var arguments: [[UInt8]]
    /// What it reads from its standard input.
    public var input: [UInt8]

    /// Variables it gets beside those of this process: `NAME=VALUE`.
    public var environment: [[UInt8]]

    public init(_ tool: String, _ arguments: [[UInt8]], input: [UInt8] = [], environment: [[UInt8]] = []) {
        self.tool = tool
        self.arguments = arguments
        self.input = input
        self.environment = environment
    }
}

/// Why a program gave no result.
public enum CommandError: Error, Sendable {
    /// Programs are not run where the evaluation runs.
    case notAllowed
    /// There is no such program.
    case notFound
    /// It ended with this status, or by a signal; and what it said.
    case failed(status: Int32, message: [UInt8])
    /// The reader had enough.
    case stopped
    case system(errno: Int32)
}

extension Command {
    /// What of a program's messages is kept.
    private static let maximumMessage = 1 << 14
    /// Variables that would make `git` look elsewhere than it is told, or ask somebody.
    private static let fixedEnvironment = ["GIT_TERMINAL_PROMPT=0", "LC_ALL=C", "HGPLAIN="]
    private static let hidden = [
        "GIT_DIR=", "GIT_WORK_TREE=", "GIT_INDEX_FILE=", "GIT_PREFIX=", "GIT_CEILING_DIRECTORIES=",
        "LC_ALL=", "HGPLAIN=",
    ]

    /// Runs the program, feeding and reading it at once, and waits for its end.
    func run(output: (UnsafeRawBufferPointer) -> Bool) throws(CommandError) {
        if arguments.contains(where: { $0.contains(0) }) { throw .system(errno: EINVAL) }
        guard let pipes = Pipes() else { throw .system(errno: errno) }
        let child = try spawn(pipes)
        pipes.closeChildEnds()
        let (message, stopped) = unsafe exchange(pipes, child, output)
        pipes.closeAll()
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
        if stopped { throw .stopped }
        // The shell's word for a program that is not there, which `posix_spawnp` may leave to the child.
        if status >> 8 & 0xFF == 127, message.isEmpty { throw .notFound }
        if status != 0 { throw .failed(status: status >> 8 & 0xFF, message: message) }
    }

    private func spawn(_ pipes: Pipes) throws(CommandError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, pipes.input.read, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, pipes.output.write, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, pipes.messages.write, 2)
        let words = [Array(tool.utf8)] + arguments
        var argv = unsafe words.map { unsafe strdup($0.cPath) } + [nil]
        var variables = unsafe variables().map { unsafe strdup($0.cPath) } + [nil]
        defer {
            for index in unsafe argv.indices { unsafe free(argv[index]) }
            for index in unsafe variables.indices { unsafe free(variables[index]) }
        }
        var child: pid_t = 0
        let code = unsafe posix_spawnp(&child, tool, &actions, nil, &argv, &variables)
        if code == ENOENT { throw .notFound }
        if code != 0 { throw .system(errno: code) }
        return child
    }

    /// This process's environment, without what is hidden.
    private func variables() -> [[UInt8]] {
        var result: [[UInt8]] = []
        var index = 0
        while let text = unsafe environ[index] {
            let bytes = unsafe Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
            if !Self.hidden.contains(where: { bytes.starts(with: Array($0.utf8)) }) { result.append(bytes) }
            index += 1
        }
        return result + Self.fixedEnvironment.map { Array($0.utf8) } + environment
    }

    /// Feeds and reads until the program closes its ends or the reader has had enough, which ends the program.
    private func exchange(
        _ pipes: Pipes, _ child: pid_t, _ output: (UnsafeRawBufferPointer) -> Bool
    ) -> (message: [UInt8], stopped: Bool) {
        var written = 0
        var message: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        if input.isEmpty { pipes.input.closeWrite() }
        while pipes.output.read >= 0 || pipes.messages.read >= 0 {
            var waits = [
                pollfd(fd: pipes.input.write, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: pipes.output.read, events: Int16(POLLIN), revents: 0),
                pollfd(fd: pipes.messages.read, events: Int16(POLLIN), revents: 0),
            ]
            if unsafe poll(&waits, 3, -1) < 0 { continue }
            if waits[0].revents != 0 {
                let count = unsafe input.withUnsafeBytes { bytes in
                    unsafe send(
                        pipes.input.write, bytes.baseAddress?.advanced(by: written), bytes.count - written,
                        Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
                }
                written += max(0, count)
                let isBroken = count < 0 && errno != EINTR && errno != EAGAIN
                if isBroken || written == input.count { pipes.input.closeWrite() }
            }
            if waits[1].revents != 0 {
                let count = unsafe read(pipes.output.read, &chunk, chunk.count)
                if count <= 0 { pipes.output.closeRead() }
                let goesOn = unsafe chunk.withUnsafeBytes { bytes in
                    unsafe count <= 0 || output(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                }
                if !goesOn {
                    kill(child, SIGKILL)
                    return (message, true)
                }
            }
            if waits[2].revents != 0 {
                let count = unsafe read(pipes.messages.read, &chunk, chunk.count)
                if count <= 0 { pipes.messages.closeRead() }
                message += chunk.prefix(max(0, min(count, Self.maximumMessage - message.count)))
            }
        }
        return (message, false)
    }
}

/// The three channels to a program. Each end is closed once.
private final class Pipes {
    let input = Channel()
    let output = Channel()
    let messages = Channel()

    init?() {
        guard input.isOpen, output.isOpen, messages.isOpen else { return nil }
    }

    func closeChildEnds() {
        input.closeRead()
        output.closeWrite()
        messages.closeWrite()
    }

    func closeAll() {
        for channel in [input, output, messages] {
            channel.closeRead()
            channel.closeWrite()
        }
    }

    deinit { closeAll() }
}

/// A pair of sockets rather than a pipe: writing to a program that has ended is an error, not a signal.
private final class Channel {
    private(set) var read: Int32 = -1
    private(set) var write: Int32 = -1

    init() {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        if unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 { (read, write) = (ends[0], ends[1]) }
    }

    var isOpen: Bool { read >= 0 }

    func closeRead() {
        if read >= 0 { close(read) }
        read = -1
    }

    func closeWrite() {
        if write >= 0 { close(write) }
        write = -1
    }
}
