import ArgumentParser
import NixEval
import NixStore
import NixVM

/// The options of all evaluating commands, with the names that `nix-instantiate` gives them.
struct EvaluationArguments: ParsableArguments {
    @Argument(
        help: """
            Files to evaluate; - is standard input, a directory stands for its default.nix, and <NAME> is looked up in the \
            search path. REFERENCE#ATTRIBUTE, such as .#hello, is an output of a flake.
            """)
    var files: [String] = []

    @OptionGroup var flakes: FlakeArguments

    @Flag(name: [.customShort("E"), .customLong("expr")], help: "Take the arguments as expressions, not as files.")
    var isExpression = false

    @Option(
        name: [.customShort("A"), .customLong("attr")], help: "Select an attribute path; repeatable.")
    var attributes: [String] = []

    @OptionGroup var evaluator: EvaluatorArguments

    mutating func validate() throws {
        try CallArgument.check(evaluator.arguments, files: isExpression ? [] : files)
        try checkFlakes()
        try Source.checkStandardInput(files)
    }

    /// Prints the paths of the arguments in the search path, one a line.
    func findFiles(_ evaluator: Evaluator) throws(EvalFailure) {
        for name in files { Output.text(try FileArgument.find(name, evaluator) + [UInt8(ascii: "\n")]) }
    }

    /// Passes each value to `body`: every file or expression, called and selected from as the options say. A value is
    /// finished before the next file is read, so that earlier values are printed even if a later one fails.
    ///
    /// - Parameter callsAnyway: whether a function whose arguments all have defaults is called even without `--arg`.
    ///   `nix-instantiate` does so for derivations but not with `--eval`.
    func forEachValue(
        _ evaluator: Evaluator, _ settings: NixSettings, images: ImageSession? = nil, callsAnyway: Bool = false,
        _ body: (ValueHandle) throws(EvalFailure) -> Void
    ) throws(EvalFailure) {
        if usesFlakes { return try forEachOutput(evaluator, settings, body) }
        let arguments = try self.evaluator.callArguments(evaluator)
        for (index, file) in inputs.enumerated() {
            let loaded =
                if let known = images?.value(index, isCalled: false) { known } else { try load(file, evaluator) }
            images?.keep(loaded, index, isCalled: false)
            var called = images?.value(index, isCalled: true)
            for path in attributes.isEmpty ? [""] : attributes {
                // Only a selection calls what it selects from.
                if called == nil, !path.isEmpty {
                    let value = try evaluator.autoCall(loaded, arguments)
                    images?.keep(value, index, isCalled: true)
                    called = value
                }
                let selected =
                    if let called, !path.isEmpty {
                        try evaluator.select(fromCalled: called, path: path, arguments)
                    } else {
                        try evaluator.force(loaded)
                    }
                let isCalled = callsAnyway || !arguments.isEmpty
                try body(isCalled ? try evaluator.autoCall(selected, arguments) : selected)
            }
        }
    }

    /// The inputs for an image; nil if they are of a kind that none is kept for.
    func imageInputs(callsAnyway: Bool = false) -> ImageInputs? {
        guard !usesFlakes else { return nil }
        var request = ImageInputs(count: inputs.count)
        request.digest.add(isExpression)
        request.digest.add(callsAnyway)
        for input in inputs {
            guard input != "-", isExpression || !input.hasSuffix(".firn") && !input.contains("://") else { return nil }
            request.digest.add(input)
        }
        return request
    }

    /// Passes the source of each file or expression to `body`.
    func forEachSource(
        _ evaluator: Evaluator, _ body: (NixSource) throws(EvalFailure) -> Void
    ) throws(EvalFailure) {
        for file in inputs {
            if let source = try source(file) {
                try body(source)
            } else {
                try body(NixSource(path: FileArgument(file).path(evaluator)))
            }
        }
    }

    /// Passes what each flake reference selects to `body`.
    private func forEachOutput(
        _ evaluator: Evaluator, _ settings: NixSettings, _ body: (ValueHandle) throws(EvalFailure) -> Void
    ) throws(EvalFailure) {
        let session = try FlakeSession(flakes, evaluator, settings)
        for word in files.isEmpty ? ["."] : files { try body(session.value(of: word)) }
    }

    /// Whether all arguments are outputs of flakes.
    var usesFlakes: Bool { !isExpression && (flakes.areFlakes || files.contains { isInstallable($0) }) }

    /// Whether a word is an output of a flake: it has a `#`, and no file has that name.
    private func isInstallable(_ word: String) -> Bool {
        let path = CanonPath.absolute(Array(word.utf8), relativeTo: currentDirectory())
        return word.contains("#") && (try? LocalIO().pathExists(path)) != true
    }

    private func checkFlakes() throws {
        if isExpression, flakes.areFlakes { throw ValidationError("--flake and --expr exclude each other") }
        try flakes.check(with: usesFlakes)
        guard usesFlakes else { return }
        if let file = files.first(where: { !flakes.areFlakes && !isInstallable($0) }) {
            throw ValidationError("'\(file)' is a file, and flakes are evaluated: use one or the other")
        }
        if !evaluator.arguments.isEmpty {
            throw ValidationError("--arg and its like are for functions in files; flakes take no arguments")
        }
        if !attributes.isEmpty {
            throw ValidationError("-A is for files; of a flake, the attribute follows '#', as in .#hello")
        }
    }

    private var inputs: [String] { files.isEmpty && !isExpression ? ["./default.nix"] : files }

    /// The source that a word is or stands for; nil for the name of a file.
    private func source(_ word: String) throws(EvalFailure) -> NixSource? {
        if word == "-" { return try NixSource(standardInput: ()) }
        return isExpression ? NixSource(expression: word) : nil
    }

    private func load(_ file: String, _ evaluator: Evaluator) throws(EvalFailure) -> ValueHandle {
        if let source = try source(file) {
            return try evaluator.load(source: source.text, name: source.name, directory: source.directory)
        }
        let path = try FileArgument(file).path(evaluator)
        if file.hasSuffix(".firn") { return try load(program: path, evaluator) }
        return try evaluator.load(file: path)
    }

    private func load(program path: [UInt8], _ evaluator: Evaluator) throws(EvalFailure) -> ValueHandle {
        let program = try ProgramFile.read(path)
        return try evaluator.load(
            program: program, name: String(decoding: path, as: UTF8.self), directory: CanonPath.parent(of: path))
    }
}
