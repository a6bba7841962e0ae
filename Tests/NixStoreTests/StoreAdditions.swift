@testable import NixStore

/// Objects to be written, as an evaluation makes them.
enum Additions {
    /// A text with its right store path.
    static func text(_ name: String, _ text: String, references: [[UInt8]] = []) throws -> StoreAddition {
        let bytes = Array(text.utf8)
        let hash = Hash(of: bytes, .sha256)
        return StoreAddition(
            path: try StorePath.text(name: Array(name.utf8), sha256: hash.bytes, references: references),
            address: ContentAddress(.text, hash), StoreObject(text: bytes, references: references))
    }

    /// A tree, or for `flat` a file, with its right store path.
    static func tree(
        _ name: String, _ path: [UInt8], _ method: ContentAddressMethod = .nar, accepted: Set<[UInt8]>? = nil,
        references: [[UInt8]] = []
    ) throws -> StoreAddition {
        let io = LocalIO()
        let hash =
            method == .flat
            ? try NarStream.flatHash(path, .sha256, io: io, proceed: { _ in true })
            : try NarStream.hash(
                path, .sha256, io: io, accepts: { path, _ in accepted?.contains(path) ?? true }, proceed: { _ in true })
        return StoreAddition(
            path: try StorePath.fixed(name: Array(name.utf8), hash, method, references: references),
            address: ContentAddress(method, hash),
            StoreObject(io, root: path, accepted: accepted, isPlainFile: method == .flat, references: references))
    }
}

extension StoreWriter {
    func add(_ addition: StoreAddition) throws(StoreWriteError) { try add(addition, isStopped: { false }) }
    func flush() throws(StoreWriteError) { try flush(isStopped: { false }) }
    func finish() throws(StoreWriteError) { try finish(isStopped: { false }) }
}
