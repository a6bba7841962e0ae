import NixBytecode
import NixCompiler
import NixSyntax
import NixVM

/// Source to tree and program.
extension Evaluator {
    /// Parses source and resolves its variables, as `nix-instantiate --parse` does. `name` is what positions call it.
    public func parse(_ source: [UInt8], name: String) throws(EvalFailure) -> SyntaxTree {
        let tree = try syntaxTree(source, name: name)
        do throws(CompileError) {
            keep(try Compiler.check(tree, options: compileOptions(nil, tree)), name)
        } catch {
            throw failure(of: error, in: source, name: name)
        }
        return tree
    }

    /// Compiles source. `name` is what positions call it.
    public func compile(_ source: [UInt8], name: String, scopeNames: [[UInt8]]? = nil) throws(EvalFailure) -> Program {
        let analysed = try analyse(source, name: name, scopeNames: scopeNames)
        do throws(CompileError) {
            return try analysed.program(mustStop: stopCondition(besides: analysed.memoryBytes))
        } catch {
            throw failure(of: error, in: source, name: name)
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
            keep(known.warnings(limit: Self.mostWarnings), of: known.warningCount, name)
            try warn(ambiguousOrs: known.ambiguousOrs, in: source, name: name)
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
            let analysed = try AnalysedSource(tree, options: compileOptions(scopeNames, tree))
            keep(analysed.warnings(limit: Self.mostWarnings), of: analysed.warningCount, name)
            return analysed
        } catch {
            throw failure(of: error, in: source, name: name)
        }
    }

    /// Keeps warnings, up to a bound.
    private func keep(_ found: [Warning], of count: Int? = nil, _ name: String) {
        let kept = found.prefix(max(0, Self.mostWarnings - warnings.count))
        warnings += kept.map { (name, $0) }
        warningsDropped += (count ?? found.count) - kept.count
    }

    /// Warnings of one evaluation that are kept.
    private static let mostWarnings = 10_000

    /// Loads a source whose code is made as it is run.
    func loadDeferred(_ analysed: AnalysedSource, name: String, directory: [UInt8]) throws(EvalFailure) -> ValueHandle {
        // The tree is kept for the code that is made later.
        let held = analysed.memoryBytes
        guard held <= machine.roomOutsideHeap else { throw machine.memoryFailure }
        machine.countOutsideHeap(held)
        let program: DeferredProgram
        do throws(CompileError) {
            program = try DeferredProgram(analysed, mustStop: stopCondition())
        } catch {
            throw failure(of: error, in: analysed.source, name: name)
        }
        machine.countOutsideHeap(program.memoryBytes)
        let part = try part(of: program, 0, name: name)
        let lines = { () -> LineFinder? in
            let index = LineIndex(analysed.source)
            return { offset in
                let location = index.location(of: offset)
                return (location.line, location.column)
            }
        }
        let (top, number) = try machine.load(part: part, lines: lines, name: name, directory: directory)
        deferred[number] = (program, name)
        return top
    }

    private func part(of program: DeferredProgram, _ chunkIndex: Int, name: String) throws(EvalFailure) -> ProgramPart {
        let before = program.memoryBytes
        do throws(CompileError) {
            let part = try program.part(
                chunkIndex, firstChunk: machine.nextChunk, builder: &builder, mustStop: stopCondition(besides: -before))
            machine.countOutsideHeap(max(0, program.memoryBytes - before))
            return part
        } catch {
            throw failure(of: error, in: program.source.source, name: name)
        }
    }

    /// Answers a machine's request for the code of a chunk.
    func makeCode(program number: Int, chunkIndex: Int) throws(EvalFailure) {
        if let (program, name, key) = indexed[number] {
            return try proveCode(program, name: name, key: key, number: number, chunkIndex: chunkIndex)
        }
        guard let (program, name) = deferred[number] else {
            throw EvalFailure(kind: .value, message: Array("program \(number) has no code to make".utf8))
        }
        machine.answer(code: try part(of: program, chunkIndex, name: name), program: number)
    }

    private func compileOptions(_ scopeNames: [[UInt8]]?, _ tree: SyntaxTree) -> CompileOptions {
        CompileOptions(
            globals: scope.names, scopeNames: scopeNames, mustStop: stopCondition(besides: tree.memoryBytes))
    }

    private func syntaxTree(_ source: [UInt8], name: String) throws(EvalFailure) -> SyntaxTree {
        sources[name] = source
        makeRoom(forSource: source.count)
        let tree: SyntaxTree
        do throws(SyntaxError) {
            tree = try NixSyntax.parse(
                source,
                options: ParseOptions(
                    pipeOperators: options.pipeOperators, mustStop: stopCondition(besides: source.count)))
        } catch {
            throw failure(of: error, name: name)
        }
        try warn(ambiguousOrs: tree.ambiguousOrs, in: source, name: name)
        try lint(tree, name: name)
        return tree
    }

    /// Warns of each use of `or` as an identifier that will change its meaning, as Nix words it.
    private func warn(ambiguousOrs spans: [Span], in source: [UInt8], name: String) throws(EvalFailure) {
        if spans.isEmpty { return }
        let lines = LineIndex(source)
        for span in spans {
            if let failure = machine.stop.failure { throw failure }
            let place = lines.location(of: span.start)
            let before = """
                warning: at \(name):\(place.line):\(place.column): This expression uses `or` as an identifier in a way \
                that will change in a future Nix release.
                Wrap this entire expression in parentheses to preserve its current meaning:
                    (
                """
            let text = source[Int(span.start)..<min(Int(span.end), Int(span.start) + NixText.longestQuote + 4)]
            print(
                Array(before.utf8) + Array(NixText.shortened(Array(text), of: Int(span.end - span.start)).utf8)
                    + Array(")\nGive feedback at https://github.com/NixOS/nix/pull/11121".utf8))
        }
    }

    /// Warns of the literals that the options speak of, or refuses the source for the first.
    private func lint(_ tree: SyntaxTree, name: String) throws(EvalFailure) {
        if options.lints.areIgnored { return }
        let lines = LineIndex(tree.source)
        for finding in tree.findings(options.lints) {
            if let failure = machine.stop.failure { throw failure }
            let location = lines.location(of: finding.span.start)
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
        if error.kind == .cancelled { return stopFailure }
        let span = SourceSpan(start: error.span.start, end: error.span.end)
        return EvalFailure(
            kind: .parse, message: Array(error.message(sourceName: name).utf8),
            position: SourcePosition(
                source: name, span: span, line: error.location.line, column: error.location.column, program: -1))
    }

    private func failure(of error: CompileError, in source: [UInt8], name: String) -> EvalFailure {
        if error.kind == .cancelled { return stopFailure }
        let location = NixSyntax.SourceLocation(offset: error.span.start, in: source)
        return EvalFailure(
            kind: error.kind == .undefinedVariable ? .undefinedVariable : .parse, message: Array(error.message.utf8),
            position: SourcePosition(
                source: name, span: SourceSpan(start: error.span.start, end: error.span.end), line: location.line,
                column: location.column, program: -1))
    }
}
