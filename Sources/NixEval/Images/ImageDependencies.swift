import NixStore
import NixVM

/// What an image's evaluation has seen, as it is kept with the image.
extension ImageEncoder {
    mutating func add(_ dependencies: FileDependencies) {
        let files = dependencies.files.sorted { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }
        add(files) {
            $0.add($1.key.bytes)
            $0.add($1.value)
        }
        let variables = dependencies.variables.sorted { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }
        add(variables) {
            $0.add($1.key.bytes)
            $0.add($1.value) { $0.add($1) }
        }
        add(dependencies.home) { $0.add($1) { $0.add($1) } }
    }

    private mutating func add(_ entry: FileDependencies.Entry) {
        switch entry.kind {
        case .absent: add(0)
        case .directory: add(1)
        case .link(let target):
            add(2)
            add(target)
        case .regular: add(3)
        case .other: add(4)
        }
        add(entry.identity) {
            $0.add($1.device)
            $0.add($1.inode)
            $0.add($1.size)
            $0.add(Int($1.modified))
            $0.add(Int($1.changed))
        }
        add(entry.digest) { $0.add($1) }
    }
}

extension ImageDecoder {
    mutating func dependencies() throws(ImageError) -> FileDependencies {
        var dependencies = FileDependencies()
        let files = try list { (decoder) throws(ImageError) in (try decoder.text(), try decoder.entry()) }
        dependencies.files.reserveCapacity(files.count)
        for (path, entry) in files { dependencies.files[ByteKey(path)] = entry }
        let variables = try list { (decoder) throws(ImageError) in
            (try decoder.text(), try decoder.optional { (decoder) throws(ImageError) in try decoder.text() })
        }
        for (name, value) in variables { dependencies.variables[ByteKey(name)] = .some(value) }
        dependencies.home = try optional { (decoder) throws(ImageError) in
            try decoder.optional { (decoder) throws(ImageError) in try decoder.text() }
        }
        return dependencies
    }

    private mutating func entry() throws(ImageError) -> FileDependencies.Entry {
        let kind: FileDependencies.Kind
        switch try count() {
        case 0: kind = .absent
        case 1: kind = .directory
        case 2: kind = .link(try text())
        case 3: kind = .regular
        case 4: kind = .other
        default: throw .damaged
        }
        let identity = try optional { (decoder) throws(ImageError) in
            FileIdentity(
                device: try decoder.number(), inode: try decoder.number(), size: try decoder.integer(),
                modified: Int64(try decoder.integer()), changed: Int64(try decoder.integer()))
        }
        return FileDependencies.Entry(
            kind: kind, identity: identity,
            digest: try optional { (decoder) throws(ImageError) in try decoder.text() })
    }
}
