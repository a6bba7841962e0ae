import NixBytecode
import NixVM

/// The use of the disk cache.
extension Evaluator {
    /// Loads a source by way of the disk cache: the cached program if there is one; otherwise the source is compiled
    /// and its program scheduled to be written.
    ///
    /// - Returns: the top level's value; nil if the disk cache cannot be used for the source.
    func loadCached(
        _ source: [UInt8], file: [UInt8], name: String, directory: [UInt8], scopeNames: [[UInt8]]?
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
            }
            return try loadDeferred(analysed, name: name, directory: directory)
        }
        try count(program: program.memoryBytes)
        let top = try machine.load(linked: program, name: name, directory: directory)
        sources[name] = nil
        sourceKeys[name] = (file, key, scopeNames)
        return top
    }

    /// The program of the disk cache, which an earlier evaluator of this process may have read.
    private func linkedProgram(_ key: DiskCache.Key, _ sourceKey: ProgramCache.Key, _ disk: DiskCache) -> LinkedProgram? {
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
