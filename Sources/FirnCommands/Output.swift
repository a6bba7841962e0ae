import Glibc

/// Writing to the standard streams, whole and unbuffered.
package enum Output {
    package static func write(_ descriptor: Int32, _ bytes: [UInt8]) {
        var start = 0
        while start < bytes.count {
            let written = unsafe bytes[start...].withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if written < 0 {
                if errno == EINTR { continue }
                return
            }
            start += written
        }
    }

    package static func write(_ descriptor: Int32, _ text: String) { write(descriptor, Array(text.utf8)) }

    /// One line on standard error.
    package static func note(_ text: String) { write(2, text + "\n") }
}

/// Ends the process.
package func leave(_ code: Int32) -> Never { exit(code) }

/// The current directory, canonical.
package func currentDirectory() -> [UInt8] {
    guard let path = unsafe getcwd(nil, 0) else { return [UInt8(ascii: "/")] }
    defer { unsafe free(path) }
    return Array(unsafe String(cString: path).utf8)
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
