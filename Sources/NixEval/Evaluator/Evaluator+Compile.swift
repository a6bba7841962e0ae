import MessageText
import NixBytecode
import NixCompiler
import NixSyntax
import NixVM

/// Parsing and compiling.
extension Evaluator {
    /// Parses a source and resolves its variables, like `nix-instantiate --parse`.
    ///
    /// - Parameters:
    ///   - source: the text.
    ///   - name: the name of the source in positions.
    /// - Throws: a syntax error, an undefined variable, or an exceeded limit.
    package func parse(_ source: [UInt8], name: String) throws(EvalFailure) -> SyntaxTree {
        let tree = try syntaxTree(source, name: name)
        do throws(CompileError) {
            record(try Compiler.check(tree, options: compileOptions(nil, tree)), name)
        } catch {
            throw failure(of: error, in: source, name: name)
        }
        return tree
    }

    /// Compiles a source.
    ///
    /// - Parameters:
    ///   - source: the text.
    ///   - name: the name of the source in positions.
    ///   - scopeNames: the names that `scopedImport` adds; nil for an ordinary import.
    /// - Throws: a syntax error, an undefined variable, or an exceeded limit.
    package func compile(_ source: [UInt8], name: String, scopeNames: [[UInt8]]? = nil) throws(EvalFailure) -> Program {
        let analysed = try analyse(source, name: name, scopeNames: scopeNames)
        do throws(CompileError) {
            return try analysed.program(shouldCancel: stopCondition(besides: analysed.memoryBytes))
        } catch {
            throw failure(of: error, in: source, name: name)
        }
    }

    /// Parses a source and resolves its variables, unless the result is in the cache.
    ///
    /// - Parameters:
    ///   - source: the text.
    ///   - name: the name of the source in positions.
    ///   - scopeNames: the names that `scopedImport` adds; nil for an ordinary import.
    ///   - key: the key of the source if it has been computed.
    func analyse(
        _ source: [UInt8], name: String, scopeNames: [[UInt8]]?, key: ProgramCache.Key? = nil
    ) throws(EvalFailure) -> AnalysedSource {
        guard let programs else { return try analyseAnew(source, name: name, scopeNames: scopeNames) }
        sources[name] = source
        let key = if let key { key } else { try programKey(source, scopeNames) }
        if let known = programs.source(key) {
            record(known.warnings(limit: Self.mostWarnings), of: known.warningCount, name)
            try warn(ambiguousOrs: known.ambiguousOrs, in: source, name: name)
            return known
        }
        let analysed = try analyseAnew(source, name: name, scopeNames: scopeNames)
        programs.insert(analysed, key)
        return analysed
    }

    func programKey(_ source: [UInt8], _ scopeNames: [[UInt8]]?) throws(EvalFailure) -> ProgramCache.Key {
        let stop = machine.stop
        guard
            let key = ProgramCache.Key(
                source: source, pipeOperators: options.pipeOperators, delaysLikeNix: options.delaysLikeNix,
                scope: scope, scopeNames: scopeNames,
                isStopped: { stop.cause != nil })
        else { throw stopFailure }
        return key
    }

    private func analyseAnew(
        _ source: [UInt8], name: String, scopeNames: [[UInt8]]?
    ) throws(EvalFailure) -> AnalysedSource {
        compilations += 1
        let tree = try syntaxTree(source, name: name)
        do throws(CompileError) {
            let analysed = try AnalysedSource(tree, options: compileOptions(scopeNames, tree))
            record(analysed.warnings(limit: Self.mostWarnings), of: analysed.warningCount, name)
            return analysed
        } catch {
            throw failure(of: error, in: source, name: name)
        }
    }

    /// Records warnings, up to a limit.
    private func record(_ found: [Warning], of count: Int? = nil, _ name: String) {
        let recorded = found.prefix(max(0, Self.mostWarnings - warnings.count))
        warnings += recorded.map { (name, $0) }
        warningsDropped += (count ?? found.count) - recorded.count
    }

    /// The most warnings that are recorded in one evaluation.
    private static let mostWarnings = 10_000

    /// Loads a source whose code is generated when it is first run.
    func loadDeferred(_ analysed: AnalysedSource, name: String, directory: [UInt8]) throws(EvalFailure) -> ValueHandle {
        // The tree is needed for generating code later.
        let size = analysed.memoryBytes
        guard size <= machine.roomOutsideHeap else { throw machine.memoryFailure }
        machine.countOutsideHeap(size)
        let program: DeferredProgram
        do throws(CompileError) {
            program = try DeferredProgram(analysed, shouldCancel: stopCondition())
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
        partial[number] = PartialProgram(name: name, code: program)
        if !name.hasPrefix("/") { inlineSources[number] = analysed.source }
        return top
    }

    func part(of program: DeferredProgram, _ chunkIndex: Int, name: String) throws(EvalFailure) -> ProgramPart {
        let before = program.memoryBytes
        do throws(CompileError) {
            let part = try program.part(
                chunkIndex, firstChunk: machine.nextChunk, builder: &builder,
                shouldCancel: stopCondition(besides: -before))
            machine.countOutsideHeap(max(0, program.memoryBytes - before))
            return part
        } catch {
            throw failure(of: error, in: program.source.source, name: name)
        }
    }

    private func compileOptions(_ scopeNames: [[UInt8]]?, _ tree: SyntaxTree) -> CompileOptions {
        CompileOptions(
            globals: scope.names, scopeNames: scopeNames, delaysLikeNix: options.delaysLikeNix,
            shouldCancel: stopCondition(besides: tree.memoryBytes))
    }

    private func syntaxTree(_ source: [UInt8], name: String) throws(EvalFailure) -> SyntaxTree {
        sources[name] = source
        collectGarbage(forSource: source.count)
        let tree: SyntaxTree
        do throws(SyntaxError) {
            tree = try NixSyntax.parse(
                source,
                options: ParseOptions(
                    pipeOperators: options.pipeOperators, maximumDepth: BigStack.levels,
                    shouldCancel: stopCondition(besides: source.count)))
        } catch {
            throw failure(of: error, name: name)
        }
        try warn(ambiguousOrs: tree.ambiguousOrs, in: source, name: name)
        try lint(tree, name: name)
        return tree
    }

    /// Warns, in Nix's words, about each `or` that is an identifier and that newer versions of Nix parse differently.
    private func warn(ambiguousOrs spans: [Span], in source: [UInt8], name: String) throws(EvalFailure) {
        if spans.isEmpty { return }
        let lines = LineIndex(source)
        for span in spans {
            if let failure = machine.stop.failure { throw failure }
            let location = lines.location(of: span.start)
            let before = """
                warning: at \(name):\(location.line):\(location.column): This expression uses `or` as an identifier in a way \
                that will change in a future Nix release.
                Wrap this entire expression in parentheses to preserve its current meaning:
                    (
                """
            let text = source[Int(span.start)..<min(Int(span.end), Int(span.start) + MessageText.longestWhole)]
            output(
                Array(before.utf8) + Array(MessageText.shortened(Array(text), of: Int(span.end - span.start)).utf8)
                    + Array(")\nGive feedback at https://github.com/NixOS/nix/pull/11121".utf8))
        }
    }

    /// Warns about literals that the lints report, or refuses the source at the first fatal one.
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
            warn(failure)
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
