import Glibc

/// Writing to the standard streams, whole and unbuffered.
package enum Output {
    /// Takes the places of streams that the process was started without, so that no file or socket which is opened later
    /// stands in for one. Reading or writing there fails.
    package static func holdStreams() {
        for (descriptor, mode) in [(0, O_WRONLY), (1, O_RDONLY), (2, O_RDONLY)] as [(Int32, Int32)]
        where fcntl(descriptor, F_GETFD) < 0 {
            _ = unsafe open("/dev/null", mode)
        }
    }

    /// Writes all bytes. Where standard output cannot take them the process says why and ends with code 1: what was
    /// asked for is lost. What standard error cannot take is dropped.
    package static func write(_ descriptor: Int32, _ bytes: [UInt8]) {
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
                if descriptor == 1 { fail(errno) }
                return
            }
            start += written
        }
    }

    private static func fail(_ code: Int32) -> Never {
        // Who reads has had enough, and knows it.
        if code != EPIPE { note("error: standard output cannot be written: \(unsafe String(cString: strerror(code)))") }
        leave(1)
    }

    package static func write(_ descriptor: Int32, _ text: String) { write(descriptor, Array(text.utf8)) }

    /// A message on standard error, as a terminal may show it: off one, without any escape sequence.
    package static func message(_ bytes: [UInt8]) {
        write(2, TerminalText.filtered(bytes, keepsColors: isTerminal(2) && wantsColors))
    }

    package static func message(_ text: String) { message(Array(text.utf8)) }

    /// One line on standard error.
    package static func note(_ text: String) { message(text + "\n") }

    /// A value or a report on standard output: on a terminal as that may show it, else every byte as it is.
    package static func text(_ bytes: [UInt8]) {
        write(1, isTerminal(1) ? TerminalText.filtered(bytes, keepsColors: wantsColors) : bytes)
    }

    package static func text(_ text: String) { self.text(Array(text.utf8)) }

    private static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Whether the environment lets a terminal have colors, by the variables that Nix asks.
    private static let wantsColors: Bool = {
        func variable(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }
        return (variable("TERM") ?? "dumb") != "dumb" && variable("NO_COLOR") == nil && variable("NOCOLOR") == nil
    }()
}

/// Ends the process.
package func leave(_ code: Int32) -> Never { exit(code) }

/// The current directory, canonical.
package func currentDirectory() -> [UInt8] {
    guard let path = unsafe getcwd(nil, 0) else { return [UInt8(ascii: "/")] }
    defer { unsafe free(path) }
    return unsafe Array(UnsafeRawBufferPointer(start: path, count: strlen(path)))
}

/// All bytes of standard input, or nil when reading fails.
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
