import NixStore
import NixVM

/// The image of a prepared set: the one place of the farm that knows how the evaluator keeps heaps.
struct PreparedImage: Sendable {
    let heap: HeapImage
    let path: String

    var identity: [UInt8] { heap.identity }
    var byteCount: Int { heap.byteCount }

    /// Opens an image, for which all of it is read, unless its file is known.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - isSealed: whether the contents of a file have been compared with their checksum before.
    /// - Throws: `PreparedImageError` with the reason why it cannot be used.
    init(opening path: String, isSealed: (FileIdentity) -> Bool = { _ in false }) throws {
        self.path = path
        do throws(ImageError) {
            heap = try HeapImage(opening: path, isSealed: isSealed)
        } catch {
            throw PreparedImageError(description: "'\(path)': \(error.text)")
        }
    }

    /// Why an image cannot be used; nil if it can.
    static func fault(in path: String) -> String? {
        do {
            _ = try PreparedImage(opening: path)
            return nil
        } catch { return "\(error)" }
    }
}

/// Why an image cannot be made or used.
struct PreparedImageError: Error, CustomStringConvertible {
    let description: String
}
