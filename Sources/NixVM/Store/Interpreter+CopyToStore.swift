import NixStore

/// Paths as store objects. A store path is computed from the contents; they are written if the machine has a store.
extension Interpreter {
    /// The store path of a tree as a string that refers to it; nil with `failure` set. Hashed once per evaluation.
    /// `reserveCopiedPath` said that there is room.
    func copiedToStore(_ path: UnsafeBufferPointer<UInt8>) -> Value? {
        if !CanonPath.isCanonical(path) {
            return CanonPath.canonicalize(Array(path)).withUnsafeBufferPointer { copiedToStore($0) }
        }
        guard let symbol = symbol(ofCharged: path) else { return nil }
        let key = UInt64(symbol) + 1
        if let known = machine.store.copiedPaths.find(key) { return Value(bits: known) }
        guard let string = copyToStore(Array(path)) else { return nil }
        machine.store.copiedPaths.set(key, string.bits)
        return string
    }

    private func copyToStore(_ path: [UInt8]) -> Value? {
        if StorePath.isDerivation(path) {
            _ = fail(.value, "file names are not allowed to end in '.drv'")
            return nil
        }
        let name = CanonPath.baseName(of: path)
        guard let copied = addToStore(path, name: name.isEmpty ? Array("source".utf8) : name, method: .nar) else {
            return nil
        }
        return storePathString(copied)
    }

    /// The store path of contents under a name. The result is nil with `failure` set.
    ///
    /// - Parameters:
    ///   - path: where the contents are.
    ///   - name: the name of the object.
    ///   - method: how the contents are hashed.
    ///   - accepted: the paths below `path` that belong to the object; nil for all.
    ///   - references: the store paths that the contents refer to.
    ///   - io: reads the contents; the machine's own by default.
    func addToStore(
        _ path: [UInt8], name: [UInt8], method: ContentAddressMethod, accepted: Set<[UInt8]>? = nil,
        references: [[UInt8]] = [], io: (any EvalIO)? = nil
    ) -> [UInt8]? {
        let accepts = { (path: [UInt8], _: FileType) in accepted?.contains(path) ?? true }
        let io = io ?? machine.io
        guard let hash = contentHash(path, method, .sha256, io: io, accepts: accepts) else { return nil }
        do throws(StoreError) {
            let copied = try StorePath.fixed(name: name, hash, method, references: references)
            // The hash of a file is that of what a symbolic link leads to.
            guard let root = method == .flat ? resolved(path, io) : path else { return nil }
            let object = StoreObject(
                io, root: root, accepted: accepted, isPlainFile: method == .flat, references: references)
            return keep(object, at: copied, ContentAddress(method, hash)) ? copied : nil
        } catch {
            _ = fail(.value, bytes: error.message)
            return nil
        }
    }

    /// The store paths that the object of the store refers to in which a path lies, if the path says by its context that
    /// the object is one of the store. What is copied of the object keeps them, as in Nix.
    func inheritedReferences(of path: Value) -> [[UInt8]] {
        guard path.isString, path.object.hasContext,
            let top = StorePath.top(of: CanonPath.canonicalize(Array(path.string.bytes)))
        else { return [] }
        return machine.io.object(top)?.references ?? []
    }

    /// A path without symbolic links; nil with `failure` set.
    private func resolved(_ path: [UInt8], _ io: any EvalIO) -> [UInt8]? {
        do throws(EvalIOError) {
            return try io.resolveSymlinks(path, .full)
        } catch {
            _ = fail(error)
            return nil
        }
    }

    /// Makes a store path readable, and writes its object to the machine's store if there is one. The result is false,
    /// with `failure` set, when the memory limit forbids it or the object cannot be written.
    func keep(_ object: StoreObject, at path: [UInt8], _ address: ContentAddress) -> Bool {
        if machine.io.object(path) != nil { return true }
        guard hasRoomOutsideHeap(object.byteCount) else { return failMemory() }
        countOutsideHeap(machine.io.add(path, object))
        return write(StoreAddition(path: path, address: address, object))
    }

    /// The hash of the contents of a path. Fuel is charged as they are read. The result is nil with `failure` set.
    func contentHash(
        _ path: [UInt8], _ method: ContentAddressMethod, _ algorithm: HashAlgorithm,
        io: (any EvalIO)? = nil, accepts: @escaping ([UInt8], FileType) -> Bool = { _, _ in true }
    ) -> Hash? {
        do throws(ArchiveError) {
            if method == .flat {
                return try NarStream.flatHash(path, algorithm, io: io ?? machine.io) { charge(1 + $0 / 512) }
            }
            return try NarStream.hash(path, algorithm, io: io ?? machine.io, accepts: accepts) { charge(1 + $0 / 512) }
        } catch {
            switch error {
            case .stopped: break
            case .io(let error): _ = fail(error)
            case .unsupportedType(let path):
                _ = fail(.io, bytes: Array("file '".utf8) + path + Array("' has an unsupported type".utf8))
            }
            return nil
        }
    }
}
