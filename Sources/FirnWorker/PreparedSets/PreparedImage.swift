import NixStore

/// The image of a prepared set: the one place of the farm that knows how the evaluator keeps images.
struct PreparedImage: Sendable {
    let byteCount: Int
    let identity: [UInt8]

    init(opening path: String) throws { throw ImageDirectoryError(path: path, code: 38) }

    static func fault(in path: String) -> String? {
        do {
            _ = try PreparedImage(opening: path)
            return nil
        } catch { return "\(error)" }
    }

    static func make(
        _ set: PreparedSet, io: RootedIO, settings: ImageSettings, contentID: [UInt8], to path: String
    ) throws { throw ImageDirectoryError(path: path, code: 38) }
}
