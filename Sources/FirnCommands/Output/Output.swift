import Glibc
import Synchronization

/// Writes to the standard streams without buffering.
package enum Output {
    /// Opens /dev/null for standard streams that are closed, so that no file or socket opened later gets their
    /// descriptors. Input is opened for writing and output for reading, so that using them fails as if they were closed.
    package static func holdStreams() {
        for (descriptor, mode) in [(0, O_WRONLY), (1, O_RDONLY), (2, O_RDONLY)] as [(Int32, Int32)]
        where fcntl(descriptor, F_GETFD) < 0 {
            _ = unsafe open("/dev/null", mode)
        }
    }

    /// Held while bytes are written to standard output, and to any other descriptor. A pipe takes a large text in parts, and
    /// what another thread writes must not get between them.
    private static let outputLock = Mutex(())
    private static let otherLock = Mutex(())

    /// Writes all bytes, with nothing of another thread between them. If standard output fails, the process prints the reason and ends with exit code 1, because the
    /// result is lost. A failure of standard error is ignored.
    package static func write(_ descriptor: Int32, _ bytes: [UInt8]) {
        let code =
            descriptor == 1
            ? outputLock.withLock { _ in writeAll(descriptor, bytes) }
            : otherLock.withLock { _ in writeAll(descriptor, bytes) }
        if code != 0, descriptor == 1 { fail(code) }
    }

    /// - Returns: 0, or the number of the system's error.
    private static func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Int32 {
        var start = 0
        while start < bytes.count {
            let written = unsafe bytes[start...].withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if written < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN {
                    var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = unsafe poll(&wait, 1, -1)
                    continue
                }
                return errno
            }
            start += written
        }
        return 0
    }

    private static func fail(_ code: Int32) -> Never {
        // The reader has closed the pipe on purpose, so no error is printed.
        if code != EPIPE { note("error: standard output cannot be written: \(unsafe String(cString: strerror(code)))") }
        leave(1)
    }

    package static func write(_ descriptor: Int32, _ text: String) { write(descriptor, Array(text.utf8)) }

    /// Writes a message to standard error, without escape sequences that a terminal must not get. If standard error is no
    /// terminal, all escape sequences are removed.
    package static func message(_ bytes: [UInt8]) {
        write(2, TerminalText.filtered(bytes, keepsColors: isTerminal(2) && wantsColors))
    }

    package static func message(_ text: String) { message(Array(text.utf8)) }

    /// Writes one line to standard error.
    package static func note(_ text: String) { message(text + "\n") }

    /// Writes a value or a report to standard output. On a terminal, escape sequences that it must not get are removed;
    /// otherwise the bytes are written unchanged.
    package static func text(_ bytes: [UInt8]) {
        write(1, isTerminal(1) ? TerminalText.filtered(bytes, keepsColors: wantsColors) : bytes)
    }

    package static func text(_ text: String) { self.text(Array(text.utf8)) }

    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Whether the environment permits colours on a terminal, by the variables that Nix reads.
    private static let wantsColors: Bool = {
        func variable(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }
        return (variable("TERM") ?? "dumb") != "dumb" && variable("NO_COLOR") == nil && variable("NOCOLOR") == nil
    }()
}

/// Ends the process.
package func leave(_ code: Int32) -> Never { exit(code) }

/// The canonical path of the current directory.
package func currentDirectory() -> [UInt8] {
    guard let path = unsafe getcwd(nil, 0) else { return [UInt8(ascii: "/")] }
    defer { unsafe free(path) }
    return unsafe Array(UnsafeRawBufferPointer(start: path, count: strlen(path)))
}

/// All bytes of standard input; nil if reading fails.
package func readStandardInput() -> [UInt8]? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(0, $0.baseAddress, $0.count) }
        if count == 0 { return bytes }
        if count < 0 {
            if errno == EINTR { continue }
            return nil
        }
        bytes += buffer[..<count]
    }
}
