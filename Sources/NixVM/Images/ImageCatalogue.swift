import NixBytecode
import NixStore

/// What a machine knows besides the ranges that are mapped: everything that lives in tables of Swift.
struct ImageCatalogue: Sendable {
    struct Numbers: Sendable {
        var chunks = 0
        var largestFrame = 0
        var applyOneChunk = 0
        var applyTwoChunk = 0
        var applyMappedChunk = 0
        var roots = 0
        var symbols = 0
        var positions = 0
        /// The address of the step of chunks without code.
        var stub: UInt = 0
    }

    struct Program: Sendable {
        var name: String
        var directory: [UInt8]
        var sizes: ProgramSizes
        var firstChunk: Int
        /// The address of the program's tables.
        var tables: UInt
        /// The address and the size of the linked program (`LinkedProgram`).
        var linked: UInt
        var linkedBytes: Int
        var file: [UInt8]?
        var key: [UInt8]
        var scopeNames: [[UInt8]]?
        var text: [UInt8]?
    }

    struct Named: Sendable {
        var name: [UInt8]
        var bits: UInt64
    }

    struct Failure: Sendable {
        var number: Int
        var failure: EvalFailure
        /// The notes of the innermost frames, encoded. Most are never shown, so they are decoded when they are.
        var notes: [UInt8]
    }

    var numbers = Numbers()
    var globals: [Named] = []
    /// The imported paths with the indices of their roots.
    var imports: [Named] = []
    var programs: [Program] = []
    /// What is known of the elements of contexts, by the bits of the element.
    var contexts: [(element: UInt64, entry: ContextElementEntry)] = []
    /// The paths that were coerced to strings, by their symbols, with the results.
    var copiedPaths: [(path: UInt64, bits: UInt64)] = []
    var failures: [Failure] = []
    /// The store objects that the evaluation can read.
    var objects: [ImageObject] = []
    /// The roots that the host has given names, in the host's order.
    var handles: [Int] = []
}

extension ImageCatalogue {
    var encoded: [UInt8] {
        var encoder = ImageEncoder()
        for number in [
            numbers.chunks, numbers.largestFrame, numbers.applyOneChunk, numbers.applyTwoChunk,
            numbers.applyMappedChunk, numbers.roots, numbers.symbols, numbers.positions,
            Int(numbers.stub),
        ] { encoder.add(number) }
        encoder.add(globals) { $0.add($1) }
        encoder.add(imports) { $0.add($1) }
        encoder.add(programs) { $0.add($1) }
        encoder.add(contexts) {
            $0.add($1.element)
            $0.add($1.entry.context)
            $0.add(Int($1.entry.record))
            $0.add(Int($1.entry.outputLength))
        }
        encoder.add(copiedPaths) {
            $0.add($1.path)
            $0.add($1.bits)
        }
        encoder.add(failures) {
            $0.add($1.number)
            $0.add($1.failure)
            $0.add($1.notes)
        }
        encoder.add(objects) { $0.add($1) }
        encoder.add(handles) { $0.add($1) }
        return encoder.bytes
    }

    init(_ bytes: UnsafeRawBufferPointer) throws(ImageError) {
        var decoder = ImageDecoder(bytes)
        numbers = Numbers(
            chunks: try decoder.count(), largestFrame: try decoder.count(), applyOneChunk: try decoder.count(),
            applyTwoChunk: try decoder.count(), applyMappedChunk: try decoder.count(), roots: try decoder.count(),
            symbols: try decoder.count(), positions: try decoder.count(), stub: UInt(try decoder.count()))
        globals = try decoder.list { (decoder) throws(ImageError) in try decoder.named() }
        imports = try decoder.list { (decoder) throws(ImageError) in try decoder.named() }
        programs = try decoder.list { (decoder) throws(ImageError) in try decoder.program() }
        contexts = try decoder.list { (decoder) throws(ImageError) in
            let element = try decoder.number()
            var entry = ContextElementEntry()
            entry.context = try decoder.number()
            entry.record = UInt32(truncatingIfNeeded: try decoder.count())
            entry.outputLength = UInt32(truncatingIfNeeded: try decoder.count())
            return (element, entry)
        }
        copiedPaths = try decoder.list { (decoder) throws(ImageError) in (try decoder.number(), try decoder.number()) }
        failures = try decoder.list { (decoder) throws(ImageError) in
            Failure(number: try decoder.count(), failure: try decoder.failure(), notes: try decoder.text())
        }
        objects = try decoder.list { (decoder) throws(ImageError) in try ImageObject(&decoder) }
        handles = try decoder.list { (decoder) throws(ImageError) in try decoder.count() }
        guard decoder.isAtEnd else { throw .damaged }
    }
}

extension ImageEncoder {
    fileprivate mutating func add(_ named: ImageCatalogue.Named) {
        add(named.name)
        add(named.bits)
    }

    fileprivate mutating func add(_ program: ImageCatalogue.Program) {
        add(program.name)
        add(program.directory)
        for size in [
            program.sizes.symbols, program.sizes.constants, program.sizes.shapes, program.sizes.formals,
            program.sizes.chunks, program.firstChunk,
        ] { add(size) }
        add(UInt64(program.tables))
        add(UInt64(program.linked))
        add(program.linkedBytes)
        add(program.file) { $0.add($1) }
        add(program.key)
        add(program.scopeNames) { $0.add($1) }
        add(program.text) { $0.add($1) }
    }

    /// Adds a failure without its notes.
    fileprivate mutating func add(_ failure: EvalFailure) {
        add(failure.kind.rawValue)
        add(failure.message)
        add(failure.position) {
            $0.add($1.source)
            $0.add($1.span) {
                $0.add(Int($1.start))
                $0.add(Int($1.end))
            }
            $0.add($1.line) { $0.add($1) }
            $0.add($1.column) { $0.add($1) }
            $0.add($1.program)
        }
        add(failure.suggestions) { $0.add($1) }
        add(failure.endsInEmptyLine)
        add(failure.isCoercion)
    }
}

extension ImageDecoder {
    fileprivate mutating func named() throws(ImageError) -> ImageCatalogue.Named {
        ImageCatalogue.Named(name: try text(), bits: try number())
    }

    fileprivate mutating func program() throws(ImageError) -> ImageCatalogue.Program {
        let name = try string()
        let directory = try text()
        let sizes = ProgramSizes(
            symbols: try count(), constants: try count(), shapes: try count(), formals: try count(),
            chunks: try count())
        let firstChunk = try count()
        let tables = UInt(try number())
        let linked = UInt(try number())
        let size = try count()
        guard tables & 7 == 0, tables != 0, linked & 7 == 0, linked != 0, size < 1 << 32 else { throw .damaged }
        return ImageCatalogue.Program(
            name: name, directory: directory, sizes: sizes, firstChunk: firstChunk, tables: tables,
            linked: linked, linkedBytes: size,
            file: try optional { (decoder) throws(ImageError) in try decoder.text() }, key: try text(),
            scopeNames: try optional { (decoder) throws(ImageError) in try decoder.texts() },
            text: try optional { (decoder) throws(ImageError) in try decoder.text() })
    }

    fileprivate mutating func failure() throws(ImageError) -> EvalFailure {
        guard let kind = FailureKind(rawValue: try string()) else { throw .damaged }
        let message = try text()
        let position = try optional { (decoder) throws(ImageError) in try decoder.position() }
        let suggestions = try list { (decoder) throws(ImageError) in try decoder.string() }
        var failure = EvalFailure(kind: kind, message: message, position: position, suggestions: suggestions)
        failure.endsInEmptyLine = try flag()
        failure.isCoercion = try flag()
        return failure
    }

    private mutating func position() throws(ImageError) -> SourcePosition {
        let source = try string()
        let span = try optional { (decoder) throws(ImageError) in
            SourceSpan(
                start: UInt32(truncatingIfNeeded: try decoder.integer()),
                end: UInt32(truncatingIfNeeded: try decoder.integer()))
        }
        let line = try optional { (decoder) throws(ImageError) in try decoder.integer() }
        let column = try optional { (decoder) throws(ImageError) in try decoder.integer() }
        return SourcePosition(source: source, span: span, line: line, column: column, program: try integer())
    }
}
