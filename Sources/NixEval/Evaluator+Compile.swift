import NixBytecode
import NixCompiler
import NixSyntax
import NixVM
import Synchronization

/// Source to tree and program.
extension Evaluator {
    /// Parses source and resolves its variables, as `nix-instantiate --parse` does. `name` is what positions call it.
    public func parse(_ source: [UInt8], name: String) throws(EvalFailure) -> SyntaxTree {
        let tree = try syntaxTree(source, name: name)
        do throws(CompileError) {
            let found = try Compiler.check(tree, options: compileOptions(nil))
            warnings += found.map { (name, $0) }
        } catch {
            throw failure(of: error, lineStarts: tree.lineStarts, name: name)
        }
        return tree
    }

    /// Compiles source. `name` is what positions call it.
    public func compile(_ source: [UInt8], name: String, scopeNames: [[UInt8]]? = nil) throws(EvalFailure) -> Program {
        let analysed = try analyse(source, name: name, scopeNames: scopeNames)
        do throws(CompileError) {
            return try analysed.program(isCancelled: isInterrupted)
        } catch {
            throw failure(of: error, lineStarts: analysed.lines.lineStarts, name: name)
        }
    }

    /// Parses source and resolves its variables, unless an evaluator before did.
    ///
    /// - Parameter key: the source's, where it is known already.
    func analyse(
        _ source: [UInt8], name: String, scopeNames: [[UInt8]]?, key: ProgramCache.Key? = nil
    ) throws(EvalFailure) -> AnalysedSource {
        guard let programs else { return try analyseAnew(source, name: name, scopeNames: scopeNames) }
        sources[name] = source
        let key = key ?? programKey(source, scopeNames)
        if let known = programs.source(key) {
            warnings += known.warnings.map { (name, $0) }
            warn(ambiguousOrs: known.ambiguousOrs, in: source, name: name)
            return known
        }
        let analysed = try analyseAnew(source, name: name, scopeNames: scopeNames)
        programs.insert(analysed, key)
        return analysed
    }

    func programKey(_ source: [UInt8], _ scopeNames: [[UInt8]]?) -> ProgramCache.Key {
        ProgramCache.Key(
            source: source, pipeOperators: options.pipeOperators, scope: scope, scopeNames: scopeNames)
    }

    private func analyseAnew(
        _ source: [UInt8], name: String, scopeNames: [[UInt8]]?
    ) throws(EvalFailure) -> AnalysedSource {
        compilations += 1
        let tree = try syntaxTree(source, name: name)
        do throws(CompileError) {
            let analysed = try AnalysedSource(tree, options: compileOptions(scopeNames))
            warnings += analysed.warnings.map { (name, $0) }
            return analysed
        } catch {
            throw failure(of: error, lineStarts: tree.lineStarts, name: name)
        }
    }

    /// Loads a source whose code is made as it is run.
    func loadDeferred(_ analysed: AnalysedSource, name: String, directory: [UInt8]) throws(EvalFailure) -> ValueHandle {
        let program = DeferredProgram(analysed, isCancelled: isInterrupted)
        let part = try part(of: program, 0, name: name)
        let (top, number) = try machine.load(part: part, lines: { analysed.lines }, name: name, directory: directory)
        deferred[number] = (program, name)
        return top
    }

    private func part(of program: DeferredProgram, _ row: Int, name: String) throws(EvalFailure) -> ProgramPart {
        do throws(CompileError) {
            return try program.part(row, firstChunk: machine.nextChunk, builder: &builder)
        } catch {
            throw failure(of: error, lineStarts: program.source.lines.lineStarts, name: name)
        }
    }

    /// Answers a machine's request for the code of a chunk.
    func makeCode(program number: Int, row: Int) throws(EvalFailure) {
        if let (program, name, key) = indexed[number] {
            return try proveCode(program, name: name, key: key, number: number, row: row)
        }
        guard let (program, name) = deferred[number] else {
            throw EvalFailure(kind: .value, message: Array("program \(number) has no code to make".utf8))
        }
        machine.answer(code: try part(of: program, row, name: name), program: number)
    }

    /// Polled while a source is parsed or compiled. Under a memory limit a tree may take what the limit leaves: it is
    /// not counted byte by byte, but as so much for each poll, of which there is one in a number of tokens and nodes.
    private var isInterrupted: (@Sendable () -> Bool)? {
        let stop = machine.stop
        let room = machine.roomOutsideHeap
        guard stop.isPossible || room != .max else { return nil }
        let pollsLeft = Mutex(room / Self.bytesPerPoll)
        return {
            let isOver = pollsLeft.withLock { left in
                left -= 1
                return left < 0
            }
            return isOver || stop.cause != nil
        }
    }

    /// What 4,096 tokens or 1,024 nodes take, about: trees of lists of numbers, which have the most nodes for their
    /// size, take some 190 bytes a token until they are compiled.
    private static let bytesPerPoll = 192 << 10

    private func compileOptions(_ scopeNames: [[UInt8]]?) -> CompileOptions {
        CompileOptions(globals: scope.names, scopeNames: scopeNames, isCancelled: isInterrupted)
    }

    private func syntaxTree(_ source: [UInt8], name: String) throws(EvalFailure) -> SyntaxTree {
        sources[name] = source
        let tree: SyntaxTree
        do throws(SyntaxError) {
            tree = try NixSyntax.parse(
                source, options: ParseOptions(pipeOperators: options.pipeOperators, isCancelled: isInterrupted))
        } catch {
            throw failure(of: error, name: name)
        }
        warn(ambiguousOrs: tree.ambiguousOrs, in: source, name: name)
        try lint(tree, name: name)
        return tree
    }

    /// Warns of each use of `or` as an identifier that will change its meaning, as Nix words it.
    private func warn(ambiguousOrs spans: [Span], in source: [UInt8], name: String) {
        if spans.isEmpty { return }
        let lineStarts = NixSyntax.SourceLocation.lineStarts(of: source)
        for span in spans {
            let place = NixSyntax.SourceLocation(offset: span.start, lineStarts: lineStarts)
            let before = """
                warning: at \(name):\(place.line):\(place.column): This expression uses `or` as an identifier in a way \
                that will change in a future Nix release.
                Wrap this entire expression in parentheses to preserve its current meaning:
                    (
                """
            let text = source[Int(span.start)..<Int(span.end)]
            print(
                Array(before.utf8) + text
                    + Array(")\nGive feedback at https://github.com/NixOS/nix/pull/11121".utf8))
        }
    }

    /// Warns of the literals that the options speak of, or refuses the source for the first.
    private func lint(_ tree: SyntaxTree, name: String) throws(EvalFailure) {
        for finding in tree.findings(options.lints) {
            let location = tree.location(of: finding.span.start)
            let failure = EvalFailure(
                kind: .parse, message: Array(finding.message.utf8),
                position: SourcePosition(
                    source: name, span: SourceSpan(start: finding.span.start, end: finding.span.end),
                    line: location.line, column: location.column, program: -1))
            if finding.isFatal { throw failure }
            print(Array(describe(warning: failure).utf8.dropLast()))
        }
    }

    private func failure(of error: SyntaxError, name: String) -> EvalFailure {
        if error.kind == .cancelled { return machine.stop.failure ?? machine.memoryFailure }
        let span = SourceSpan(start: error.span.start, end: error.span.end)
        return EvalFailure(
            kind: .parse, message: Array(error.message(sourceName: name).utf8),
            position: SourcePosition(
                source: name, span: span, line: error.location.line, column: error.location.column, program: -1))
    }

    private func failure(of error: CompileError, lineStarts: [UInt32], name: String) -> EvalFailure {
        if error.kind == .cancelled { return machine.stop.failure ?? machine.memoryFailure }
        let location = NixSyntax.SourceLocation(offset: error.span.start, lineStarts: lineStarts)
        return EvalFailure(
            kind: error.kind == .undefinedVariable ? .undefinedVariable : .parse, message: Array(error.message.utf8),
            position: SourcePosition(
                source: name, span: SourceSpan(start: error.span.start, end: error.span.end), line: location.line,
                column: location.column, program: -1))
    }
}
