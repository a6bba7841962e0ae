import NixBytecode
import NixStore

/// Making a machine from an image.
extension Machine {
    /// The programs of the image, and what follows from it, as the machine starts with them.
    func restore(_ image: HeapImage) {
        let catalogue = image.catalogue
        let numbers = catalogue.numbers
        state.pointee.chunkCount = numbers.chunks
        state.pointee.largestFrame = numbers.largestFrame
        state.pointee.applyOneChunk = numbers.applyOneChunk
        state.pointee.applyTwoChunk = numbers.applyTwoChunk
        state.pointee.applyMappedChunk = numbers.applyMappedChunk
        let roots = image.elements(.roots, numbers.roots, of: Value.self)
        if let base = roots.baseAddress { state.pointee.roots.update(from: base, count: roots.count) }
        state.pointee.rootCount = roots.count
        programs = LoadedPrograms(image: image, chunks: UnsafePointer(state.pointee.chunks))
        attributePositions = PositionTable(
            shared: image.elements(.positions, numbers.positions, of: PositionTable.Entry.self))
        for global in catalogue.globals { globals[global.name] = Value(bits: global.bits) }
        for path in catalogue.imports {
            importRoots[ByteKey(path.name)] = Int(path.bits)
            importedRoots.insert(Int(path.bits))
        }
        importedRoots.formUnion(catalogue.handles)
        // The time of the image is not that of this machine.
        if io.currentTime() == nil { globals[Array("__currentTime".utf8)] = nil }
        caughtFailures.restore(catalogue.failures)
        restoreStore(image)
    }

    private func restoreStore(_ image: HeapImage) {
        let catalogue = image.catalogue
        store.image = image
        for context in catalogue.contexts { store.elements.set(context.element, context.entry) }
        for path in catalogue.copiedPaths { store.copiedPaths.set(path.path, path.bits) }
        for object in catalogue.objects { _ = io.add(object.path, object.object(io)) }
    }

    /// The values that the host gave to `writeImage`.
    package var imageHandles: [ValueHandle] { image?.catalogue.handles.map { ValueHandle(root: $0) } ?? [] }

    /// What the host kept of the first program of the image with a name; nil if there is none.
    package func imageSource(_ name: String) -> (file: [UInt8]?, key: [UInt8], scopeNames: [[UInt8]]?, text: [UInt8]?)?
    {
        guard let record = image?.catalogue.programs.first(where: { $0.name == name }) else { return nil }
        return (record.file, record.key, record.scopeNames, record.text)
    }

    /// The text of a program of the image that is not of a file; nil for others.
    package func imageText(_ number: Int) -> [UInt8]? {
        guard let image, number < image.programCount else { return nil }
        return image.catalogue.programs[number].text
    }

    /// What the host kept of a program, so that it can be written to another image; nil for one that was loaded later.
    package func imageProgramSource(_ number: Int) -> ImageProgramSource? {
        guard let image, number < image.programCount else { return nil }
        let record = image.catalogue.programs[number]
        return ImageProgramSource(
            file: record.file, key: record.key, scopeNames: record.scopeNames, text: record.text)
    }

    /// Releases the values of all handles but some. None of the other handles may be used again.
    func releaseHandles(besides kept: [ValueHandle]) {
        let kept = Set(kept.map(\.root))
        for root in 0..<state.pointee.rootCount where !kept.contains(root) && !importedRoots.contains(root) {
            state.pointee.roots[root] = .null
        }
    }
}
