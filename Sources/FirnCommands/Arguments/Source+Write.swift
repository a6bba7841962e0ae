import Glibc

extension Source {
    /// Writes a whole file. If writing a new file fails, the file is removed.
    package static func write(_ bytes: [UInt8], to path: String) throws(WriteFailure) {
        let isNew = unsafe access(path, F_OK) != 0
        guard let file = unsafe fopen(path, "wb") else { throw WriteFailure(path: path, code: errno) }
        var code: Int32 = 0
        if unsafe bytes.withUnsafeBytes({ unsafe fwrite($0.baseAddress, 1, $0.count, file) }) != bytes.count {
            code = errno
        }
        if unsafe fclose(file) != 0, code == 0 { code = errno }
        guard code != 0 else { return }
        if isNew { unsafe unlink(path) }
        throw WriteFailure(path: path, code: code)
    }
}

/// Why a file could not be written.
package struct WriteFailure: Error, CustomStringConvertible {
    let path: String
    /// The error number.
    let code: Int32

    package var description: String { "'\(path)' cannot be written: \(unsafe String(cString: strerror(code)))" }
}
