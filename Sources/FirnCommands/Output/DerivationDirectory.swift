import Glibc
import NixStore
import Platform

/// The directory of `--drv-dir`, with one file for each derivation.
final class DerivationDirectory {
    private let path: String
    /// The failure of the first file that could not be written.
    private(set) var failure: WriteFailure?

    init(_ path: String) { self.path = path }

    /// Creates the directory if it does not exist. Returns false, and prints the error, if that fails.
    func create() -> Bool {
        if unsafe mkdir(path, 0o777) == 0 || errno == EEXIST { return true }
        Output.note("error: the directory '\(path)' cannot be made: \(unsafe String(cString: strerror(errno)))")
        return false
    }

    /// Writes a derivation's text to a file with the base name of its store path.
    func write(_ derivation: [UInt8], _ text: [UInt8]) {
        let file = "\(path)/\(String(decoding: CanonPath.baseName(of: derivation), as: UTF8.self))"
        do throws(WriteFailure) { try WholeFile.write(text, to: file, .replacing) } catch {
            failure = failure ?? error
        }
    }
}
