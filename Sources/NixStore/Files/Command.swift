import Glibc
import Platform

/// A program on this machine that an evaluation runs, such as `git`.
public struct Command: Sendable {
    /// The name, which is looked up in PATH.
    public var tool: String
    public var arguments: [[UInt8]]
    /// The standard input of the program.
    public var input: [UInt8]

    /// Environment variables in addition to those of this process: `NAME=VALUE`.
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
    /// The evaluation may not run programs.
    case notAllowed
    /// The program does not exist.
    case notFound
    /// The program exited with this status or was ended by a signal. The message is the text on its standard error.
    case failed(status: Int32, message: [UInt8])
    /// The reader stopped.
    case stopped
    case system(errno: Int32)
}

extension Command {
    /// The most bytes of standard error that are kept.
    private static let maximumMessage = 1 << 14
    /// Variables that prevent `git` from asking for a password, and programs from localising their output.
    private static let fixedEnvironment = ["GIT_TERMINAL_PROMPT=0", "LC_ALL=C", "HGPLAIN="]
    private static let hidden = [
        "GIT_DIR=", "GIT_WORK_TREE=", "GIT_INDEX_FILE=", "GIT_PREFIX=", "GIT_CEILING_DIRECTORIES=",
        "LC_ALL=", "HGPLAIN=",
    ]

    /// Runs the program, writing its input and reading its output concurrently, and waits for its end.
    ///
    /// - Parameters:
    ///   - isStopped: called at least ten times a second while the program runs; returning true ends the program.
    ///   - output: called with pieces of the output, in order; returning false ends the program.
    /// - Throws: why there is no result.
    func run(
        isStopped: () -> Bool = { false }, output: (UnsafeRawBufferPointer) -> Bool
    ) throws(CommandError) {
        if arguments.contains(where: { $0.contains(0) }) { throw .system(errno: EINVAL) }
        guard let pipes = Pipes() else { throw .system(errno: errno) }
        let child = try spawn(pipes)
        pipes.closeChildEnds()
        let (message, stopped) = unsafe exchange(pipes, child, isStopped, output)
        pipes.closeAll()
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
        if stopped { throw .stopped }
        // `posix_spawnp` may report a missing program as exit status 127 of the child, like a shell.
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
        let code = unsafe SpawnAttributes.withoutBlockedSignals { attributes in
            unsafe posix_spawnp(&child, tool, &actions, attributes, &argv, &variables)
        }
        if code == ENOENT { throw .notFound }
        if code != 0 { throw .system(errno: code) }
        return child
    }

    /// The environment of this process without the hidden variables, plus the program's own.
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

    /// Writes and reads until the program closes its ends, or ends the program if the reader stopped.
    private func exchange(
        _ pipes: Pipes, _ child: pid_t, _ isStopped: () -> Bool, _ output: (UnsafeRawBufferPointer) -> Bool
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
            let ready = unsafe poll(&waits, 3, 100)
            if isStopped() {
                kill(child, SIGKILL)
                return (message, true)
            }
            if ready <= 0 { continue }
            if waits[0].revents != 0 { write(to: pipes.input, &written) }
            if waits[1].revents != 0 {
                let count = pipes.output.read(into: &chunk)
                let shouldContinue = unsafe chunk.withUnsafeBytes { bytes in
                    unsafe count == 0 || output(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                }
                if !shouldContinue {
                    kill(child, SIGKILL)
                    return (message, true)
                }
            }
            if waits[2].revents != 0 {
                let count = pipes.messages.read(into: &chunk)
                message += chunk.prefix(min(count, Self.maximumMessage - message.count))
            }
        }
        return (message, false)
    }

    /// Writes as much of the input as the program takes now, and closes the end behind the last byte, or when the program
    /// has closed its own.
    private func write(to channel: Channel, _ written: inout Int) {
        let count = unsafe input.withUnsafeBytes { bytes in
            unsafe send(
                channel.write, bytes.baseAddress?.advanced(by: written), bytes.count - written,
                Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        }
        written += max(0, count)
        let isBroken = count < 0 && errno != EINTR && errno != EAGAIN
        if isBroken || written == input.count { channel.closeWrite() }
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

/// A socket pair. Unlike with a pipe, writing to a program that has ended can be an error without a signal.
private final class Channel {
    private(set) var read: Int32 = -1
    private(set) var write: Int32 = -1

    init() {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        if unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 { (read, write) = (ends[0], ends[1]) }
    }

    var isOpen: Bool { read >= 0 }

    /// Reads what is there into the buffer, and closes the end if there will be no more.
    ///
    /// - Returns: the number of bytes.
    func read(into chunk: inout [UInt8]) -> Int {
        let count = unsafe Glibc.read(read, &chunk, chunk.count)
        if count <= 0 { closeRead() }
        return max(0, count)
    }

    func closeRead() {
        if read >= 0 { close(read) }
        read = -1
    }

    func closeWrite() {
        if write >= 0 { close(write) }
        write = -1
    }
}
