import NixStore

/// A store object that an evaluation made and can read, in an image: a text, or a tree that is read where it lies.
struct ImageObject: Sendable {
    enum Contents: Sendable {
        case text([UInt8])
        case tree(root: [UInt8], accepted: [[UInt8]]?, isPlainFile: Bool)
    }

    var path: [UInt8]
    var contents: Contents
    var references: [[UInt8]]

    /// - Throws: `unsupported` for an object that lies in memory, such as a fetched archive.
    init(_ path: [UInt8], _ object: StoreObject) throws(ImageError) {
        self.path = path
        references = object.references
        if let text = object.text {
            contents = .text(text)
        } else if let source = object.source {
            let accepted = source.accepted?.sorted { $0.lexicographicallyPrecedes($1) }
            contents = .tree(root: source.path, accepted: accepted, isPlainFile: object.isPlainFile)
        } else {
            throw .unsupported("'\(String(decoding: path, as: UTF8.self))' was unpacked into memory")
        }
    }

    init(_ decoder: inout ImageDecoder) throws(ImageError) {
        path = try decoder.text()
        references = try decoder.texts()
        if try decoder.flag() {
            contents = .text(try decoder.text())
        } else {
            contents = .tree(
                root: try decoder.text(),
                accepted: try decoder.optional { (decoder) throws(ImageError) in try decoder.texts() },
                isPlainFile: try decoder.flag())
        }
    }

    /// The object, which reads a tree through `io`.
    func object(_ io: any EvalIO) -> StoreObject {
        switch contents {
        case .text(let text): StoreObject(text: text, references: references)
        case .tree(let root, let accepted, let isPlainFile):
            StoreObject(
                io, root: root, accepted: accepted.map { Set($0) }, isPlainFile: isPlainFile, references: references)
        }
    }
}

extension ImageEncoder {
    mutating func add(_ object: ImageObject) {
        add(object.path)
        add(object.references)
        switch object.contents {
        case .text(let text):
            add(true)
            add(text)
        case .tree(let root, let accepted, let isPlainFile):
            add(false)
            add(root)
            add(accepted) { $0.add($1) }
            add(isPlainFile)
        }
    }
}
