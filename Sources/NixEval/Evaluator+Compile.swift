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
            let found = try Compiler.check(tree, options: CompileOptions(globals: Evaluator.globals))
            warnings += found.map { (name, $0) }
        } catch {
            throw failure(of: error, tree: tree, name: name)
        }
        return tree
    }

    /// Compiles source. `name` is what positions call it.
    public func compile(_ source: [UInt8], name: String, scopeNames: [[UInt8]]? = nil) throws(EvalFailure) -> Program {
        guard let programs else { return try compileAnew(source, name: name, scopeNames: scopeNames) }
        sources[name] = source
        let key = ProgramCache.Key(source: source, pipeOperators: options.pipeOperators, scopeNames: scopeNames)
        if let known = programs.program(key) { return known }
        let program = try compileAnew(source, name: name, scopeNames: scopeNames)
        programs.insert(program, key)
        return program
    }

    private func compileAnew(_ source: [UInt8], name: String, scopeNames: [[UInt8]]?) throws(EvalFailure) -> Program {
        compilations += 1
        let tree = try syntaxTree(source, name: name)
        do throws(CompileError) {
            let compiled = try Compiler.compile(
                tree,
                options: CompileOptions(
                    globals: Evaluator.globals, scopeNames: scopeNames, isCancelled: isInterrupted))
            warnings += compiled.warnings.map { (name, $0) }
            return compiled.program
        } catch {
            throw error.kind == .cancelled ? interruption : failure(of: error, tree: tree, name: name)
        }
    }

    private func syntaxTree(_ source: [UInt8], name: String) throws(EvalFailure) -> SyntaxTree {
        sources[name] = source
        let tree: SyntaxTree
        do throws(SyntaxError) {
            tree = try NixSyntax.parse(
                source, options: ParseOptions(pipeOperators: options.pipeOperators, isCancelled: isInterrupted))
        } catch {
            throw error.kind == .cancelled ? interruption : failure(of: error, name: name)
        }
        try lint(tree, name: name)
        return tree
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

    /// For the parser and the compiler, which ask now and then.
    private var isInterrupted: (@Sendable () -> Bool)? {
        let deadline = options.limits.deadline
        guard cancellation != nil || deadline != nil else { return nil }
        return { [cancellation] in
            cancellation?.isCancelled == true || deadline.map { MonotonicClock.now() >= $0 } ?? false
        }
    }

    /// Why `isInterrupted` answered true.
    private var interruption: EvalFailure {
        cancellation?.isCancelled == true
            ? EvalFailure(kind: .cancelled, message: Array("evaluation cancelled".utf8))
            : EvalFailure(kind: .deadlineExceeded, message: Array("deadline exceeded".utf8))
    }

    static let globals = Set(Machine.globalNames)

    private func failure(of error: SyntaxError, name: String) -> EvalFailure {
        let span = SourceSpan(start: error.span.start, end: error.span.end)
        return EvalFailure(
            kind: .parse, message: Array(error.message(sourceName: name).utf8),
            position: SourcePosition(
                source: name, span: span, line: error.location.line, column: error.location.column, program: -1))
    }

    private func failure(of error: CompileError, tree: SyntaxTree, name: String) -> EvalFailure {
        let location = NixSyntax.SourceLocation(offset: error.span.start, lineStarts: tree.lineStarts)
        return EvalFailure(
            kind: error.kind == .undefinedVariable ? .undefinedVariable : .parse, message: Array(error.message.utf8),
            position: SourcePosition(
                source: name, span: SourceSpan(start: error.span.start, end: error.span.end), line: location.line,
                column: location.column, program: -1))
    }
}
