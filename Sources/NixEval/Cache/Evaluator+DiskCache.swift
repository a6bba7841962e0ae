import NixBytecode
import NixVM

/// Programs in files.
extension Evaluator {
    /// Loads the program that an earlier run left; nil when there is none. The next run then finds it.
    func loadCached(
        _ source: [UInt8], file: [UInt8], name: String, directory: [UInt8], scopeNames: [[UInt8]]?
    ) throws(EvalFailure) -> ValueHandle? {
        // Literals are looked at where a source is parsed.
        guard let disk, source.count >= DiskCache.smallestSource, options.lints.areIgnored else { return nil }
        // A file is read and taken apart while the source is at hand.
        guard source.count <= machine.roomOutsideHeap / DiskCache.copies else { return nil }
        let sourceKey = try programKey(source, scopeNames)
        let key = DiskCache.Key(sourceKey)
        // What an evaluator before compiled needs no file.
        let isCompiled = programs?.source(sourceKey) != nil
        guard !isCompiled, let program = disk.program(key, limit: machine.roomOutsideHeap) else {
            let analysed = try analyse(source, name: name, scopeNames: scopeNames, key: sourceKey)
            // A program in a file could not warn again.
            if !isCompiled, analysed.ambiguousOrs.isEmpty {
                disk.add(key) { try? analysed.program(mustStop: $0) }
            }
            return try loadDeferred(analysed, name: name, directory: directory)
        }
        guard let part = try? program.part(0) else {
            disk.remove(key)
            return nil
        }
        try hold(program: program.memoryBytes)
        let (top, number) = try machine.load(indexed: program, part: part, name: name, directory: directory)
        indexed[number] = (program, name, key)
        sources[name] = nil
        sourceKeys[name] = (file, key, scopeNames)
        return top
    }

    /// The text of a source as it was compiled; nil when it is not at hand, or its file has changed since.
    func source(compiledAs name: String) -> [UInt8]? {
        if let known = sources[name] { return known }
        guard let (file, key, scopeNames) = sourceKeys[name], let source = try? io.readFile(file),
            let found = try? programKey(source, scopeNames), key == DiskCache.Key(found)
        else { return nil }
        sources[name] = source
        return source
    }

    /// Answers a machine's request for the code of a chunk of a program from a file.
    func proveCode(_ program: IndexedProgram, name: String, key: DiskCache.Key, number: Int, chunkIndex: Int)
        throws(EvalFailure)
    {
        let part: IndexedPart
        do throws(ProgramRejection) {
            part = try program.part(chunkIndex)
        } catch {
            disk?.remove(key)
            throw EvalFailure(
                kind: .value,
                message: Array("the cached program of '\(name)' was damaged and is removed; run again (\(error))".utf8))
        }
        machine.answer(code: part, program: number)
    }

    /// Writes the programs of this evaluation to the cache, for the next one.
    public func storePrograms() {
        guard machine.stop.cause == nil else { return }
        disk?.store(room: machine.roomOutsideHeap, mustStop: stopCondition())
    }
}
