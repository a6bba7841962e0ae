import NixBytecode
import NixStore
import NixVM

/// The use of the disk cache.
extension Evaluator {
    /// Loads a source by way of the disk cache: the cached program if there is one; otherwise the source is compiled
    /// and its program scheduled to be written.
    ///
    /// - Returns: the top level's value; nil if the disk cache cannot be used for the source.
    func loadCached(
        _ source: [UInt8], file: [UInt8], _ identity: FileIdentity?, name: String, directory: [UInt8],
        scopeNames: [[UInt8]]?
    ) throws(EvalFailure) -> ValueHandle? {
        // The lints need the syntax tree.
        guard let disk, source.count >= DiskCache.smallestSource, options.lints.areIgnored else { return nil }
        // The source and what is read from the cached file are in memory at the same time.
        guard source.count <= machine.roomOutsideHeap / DiskCache.copies else { return nil }
        let sourceKey = try programKey(source, scopeNames)
        let key = DiskCache.Key(sourceKey)
        // A program that an earlier evaluator of this process compiled is in memory.
        let isCompiled = programs?.source(sourceKey) != nil
        guard !isCompiled, let program = linkedProgram(key, sourceKey, disk) else {
            let analysed = try analyse(source, name: name, scopeNames: scopeNames, key: sourceKey)
            // A cached program would not repeat the warnings.
            if !isCompiled, analysed.ambiguousOrs.isEmpty {
                disk.add(key) { try? analysed.program(shouldCancel: $0) }
                remember(key, of: file, identity, scopeNames)
            }
            return try loadDeferred(analysed, name: name, directory: directory)
        }
        remember(key, of: file, identity, scopeNames)
        return try load(program, key, file: file, name: name, directory: directory, scopeNames: scopeNames)
    }

    /// Loads the program of a file that has not changed since its program was cached, without reading the file.
    ///
    /// - Returns: the top level's value; nil if the file must be read.
    func loadUnchanged(
        _ file: [UInt8], _ identity: FileIdentity, name: String, directory: [UInt8], scopeNames: [[UInt8]]?
    ) throws(EvalFailure) -> ValueHandle? {
        // A file that does not fit is read, so that the failure is the same.
        guard let disk, identity.size <= machine.roomOutsideHeap / DiskCache.copies,
            let key = disk.programKey(fileKey(identity, scopeNames)),
            let program = disk.program(key, limit: machine.roomOutsideHeap)
        else { return nil }
        return try load(program, key, file: file, name: name, directory: directory, scopeNames: scopeNames)
    }

    /// The identity by which the disk cache knows a file; nil if the file must be read.
    func cacheIdentity(_ file: [UInt8]) -> FileIdentity? {
        guard disk != nil, programs == nil, !options.checksContents, options.lints.areIgnored,
            let identity = io.identity(file),
            identity.size >= DiskCache.smallestSource
        else { return nil }
        return identity
    }

    /// Remembers the key of the program of a file that was read.
    func remember(_ key: DiskCache.Key, of file: [UInt8], _ identity: FileIdentity?, _ scopeNames: [[UInt8]]?) {
        // What changed while it was read, or may have changed since without another time, is read again.
        guard let identity, identity.isSettled, io.identity(file) == identity else { return }
        disk?.add(key, of: fileKey(identity, scopeNames))
    }

    func fileKey(_ identity: FileIdentity, _ scopeNames: [[UInt8]]?) -> DiskCache.Key {
        let variant = ProgramCache.Key.variant(
            pipeOperators: options.pipeOperators, delaysLikeNix: options.delaysLikeNix, scope: scope)
        return DiskCache.Key(identity, variant: variant, scopeNames: scopeNames)
    }

    private func load(
        _ program: LinkedProgram, _ key: DiskCache.Key, file: [UInt8], name: String, directory: [UInt8],
        scopeNames: [[UInt8]]?
    ) throws(EvalFailure) -> ValueHandle {
        try count(program: program.memoryBytes)
        let top = try machine.load(linked: program, name: name, directory: directory)
        sources[name] = nil
        sourceKeys[name] = (file, key, scopeNames)
        return top
    }

    /// The program of the disk cache, which an earlier evaluator of this process may have read.
    private func linkedProgram(_ key: DiskCache.Key, _ sourceKey: ProgramCache.Key, _ disk: DiskCache) -> LinkedProgram?
    {
        if let known = programs?.linked(sourceKey) { return known }
        let program = disk.program(key, limit: machine.roomOutsideHeap)
        if let program { programs?.insert(program, sourceKey) }
        return program
    }

    /// The text of a source as it was compiled; nil if it is not available or its file has changed since.
    func source(compiledAs name: String) -> [UInt8]? {
        if let known = sources[name] { return known }
        guard let (file, key, scopeNames) = sourceKey(name), let source = try? io.readFile(file),
            let found = try? programKey(source, scopeNames), key == DiskCache.Key(found)
        else { return nil }
        sources[name] = source
        return source
    }

    /// Writes the programs of this evaluation to the disk cache.
    package func storePrograms() {
        guard machine.stop.cause == nil else { return }
        disk?.store(room: machine.roomOutsideHeap, shouldCancel: stopCondition())
    }
}
