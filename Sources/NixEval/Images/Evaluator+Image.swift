import NixBytecode
import NixStore
import NixVM

/// Evaluating from an image, and so that the heap can become one.
extension Evaluator {
    /// Loads the program of a file, which the disk cache has or gets, as a whole, so that an image can keep it.
    func loadForImage(
        _ file: [UInt8], name: String, directory: [UInt8], scopeNames: [[UInt8]]?
    ) throws(EvalFailure) -> ValueHandle {
        let identity = cacheIdentity(file)
        if let disk, let identity, identity.size <= machine.roomOutsideHeap / DiskCache.copies,
            let key = disk.programKey(fileKey(identity, scopeNames)),
            let program = disk.program(key, limit: machine.roomOutsideHeap)
        {
            return try loadForImage(
                program, key, file: file, nil, name: name, directory: directory, scopeNames: scopeNames)
        }
        let room = machine.roomOutsideHeap
        let source = try reading(room) { () throws(EvalIOError) in try io.readFile(file, limit: room) }
        let key = DiskCache.Key(try programKey(source, scopeNames))
        guard let disk, source.count >= DiskCache.smallestSource, options.lints.areIgnored else {
            let program = try linked(source, name: name, scopeNames, nil)
            return try loadForImage(
                program, key, file: file, nil, name: name, directory: directory, scopeNames: scopeNames)
        }
        remember(key, of: file, identity, scopeNames)
        let known = disk.program(key, limit: machine.roomOutsideHeap)
        let program = if let known { known } else { try linked(source, name: name, scopeNames, key) }
        return try loadForImage(program, key, file: file, nil, name: name, directory: directory, scopeNames: scopeNames)
    }

    /// Loads a source that is no file as a whole program.
    func loadForImage(
        source: [UInt8], name: String, directory: [UInt8], scopeNames: [[UInt8]]?
    ) throws(EvalFailure) -> ValueHandle {
        let key = DiskCache.Key(try programKey(source, scopeNames))
        let program = try linked(source, name: name, scopeNames, nil)
        return try loadForImage(
            program, key, file: nil, source, name: name, directory: directory, scopeNames: scopeNames)
    }

    private func loadForImage(
        _ program: LinkedProgram, _ key: DiskCache.Key, file: [UInt8]?, _ text: [UInt8]?, name: String,
        directory: [UInt8], scopeNames: [[UInt8]]?
    ) throws(EvalFailure) -> ValueHandle {
        try count(program: program.memoryBytes)
        let number = machine.programCount
        let top = try machine.load(linked: program, name: name, directory: directory)
        if let file {
            sources[name] = nil
            sourceKeys[name] = (file, key, scopeNames)
        } else {
            inlineSources[number] = text
        }
        imageSources[number] = ImageProgramSource(file: file, key: key.bytes, scopeNames: scopeNames, text: text)
        return top
    }

    /// Compiles a source as a whole.
    ///
    /// - Parameter cacheKey: the key under which the disk cache gets the program; nil if it does not.
    private func linked(
        _ source: [UInt8], name: String, _ scopeNames: [[UInt8]]?, _ cacheKey: DiskCache.Key?
    ) throws(EvalFailure) -> LinkedProgram {
        let program = try compile(source, name: name, scopeNames: scopeNames)
        guard let bytes = try? LinkedProgram.bytes(linking: program), let linked = LinkedProgram(bytes) else {
            throw EvalFailure(kind: .value, message: Array("the program of '\(name)' is too large".utf8))
        }
        if let cacheKey { disk?.add(cacheKey) { _ in program } }
        return linked
    }

    /// The text of a source that is no file, by the number of its program.
    func inlineSource(_ program: Int) -> [UInt8]? {
        inlineSources[program] ?? (program >= 0 ? machine.imageText(program) : nil)
    }

    /// What identifies the source of a file whose text is only read again for excerpts.
    func sourceKey(_ name: String) -> (file: [UInt8], key: DiskCache.Key, scopeNames: [[UInt8]]?)? {
        if let known = sourceKeys[name] { return known }
        guard let known = machine.imageSource(name), let file = known.file else { return nil }
        return (file, DiskCache.Key(bytes: known.key), known.scopeNames)
    }

    /// Writes everything alive to an image. After that nothing can be evaluated.
    ///
    /// - Parameters:
    ///   - path: the file, which is replaced as a whole.
    ///   - identity: a digest of 32 bytes of all that the evaluation depended on.
    ///   - handles: the values that are wanted back, in this order.
    ///   - host: what is kept with the image.
    /// - Throws: why no image can be made or written.
    package func writeImage(
        to path: String, identity: [UInt8], handles: [ValueHandle], host: [UInt8]
    ) throws(ImageError) -> WrittenImage {
        guard canMakeImage, !machine.readsClock else { throw .unsupported("the evaluation read the clock") }
        let derivation = try ownProgram()
        return try machine.writeImage(to: path, identity: identity, handles: handles, host: host) { number in
            number == 0 ? derivation : self.imageSources[number] ?? self.machine.imageProgramSource(number)
        }
    }

    /// The program of the builtin `derivation`, which each machine has as its first.
    private func ownProgram() throws(ImageError) -> ImageProgramSource {
        guard let program = try? Self.derivationProgram(), let bytes = try? LinkedProgram.bytes(linking: program) else {
            throw .unsupported("the builtin 'derivation' cannot be encoded")
        }
        var source = ImageProgramSource(file: nil, key: [], text: NixSources.derivation)
        source.linked = bytes
        return source
    }
}
