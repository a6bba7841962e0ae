import NixStore
import NixVM
import Platform

/// What a program that embeds the evaluator uses. Values are text where they go in and come out, failures are of one
/// type, and stacks and threads are of no concern.
///
///     let evaluator = try Evaluator()
///     let value = try evaluator.evaluate(source: "{ answer = 6 * 7; }")
///     print(try evaluator.print(value, as: .json))
extension Evaluator {
    /// A value of an evaluator. It is kept until the evaluator ends, and no other evaluator may be given it.
    public typealias Value = ValueHandle
    public typealias Limits = NixVM.Limits
    public typealias Cancellation = NixVM.Cancellation

    /// Creates an evaluator.
    ///
    /// - Parameter options: the limits, cancellation, files and output.
    /// - Throws: an error of the kind `internalError` if the system has no address space for heap or stack.
    public convenience init(_ options: EvaluatorOptions = EvaluatorOptions()) throws(EvaluationError) {
        var options = options
        if let timeout = options.timeout { options.limits.deadline = MonotonicClock.deadline(after: timeout) }
        let io: LocalIO
        switch options.files {
        case .all: io = LocalIO()
        case .below(let paths):
            io = LocalIO(isPure: true, allowedPaths: paths.map { Array($0.utf8) })
            options.settings.pure = true
            options.settings.currentSystem = nil
        }
        let output = options.output
        let print: ([UInt8]) -> Void = { output?(String(decoding: $0, as: UTF8.self)) }
        guard
            let machine = Machine(
                io: io, limits: options.limits, settings: options.settings, cancellation: options.cancellation,
                print: print)
        else { throw EvaluationError(kind: .internalError, AddressSpace.failureText) }
        self.init(machine: machine, options: options, disk: nil, output: print)
        try onLargeStack { () throws(EvalFailure) in
            do { try Self.installDerivation(machine) } catch {
                throw EvalFailure(kind: .internalError, message: Array("\(error)".utf8))
            }
        }
        machine.warningHandler = { [unowned self] in warn($0) }
    }

    /// Evaluates a source.
    ///
    /// - Parameters:
    ///   - source: an expression.
    ///   - name: the name of the source in errors.
    ///   - directory: the directory that relative paths are relative to.
    /// - Returns: the value; what it contains is evaluated when it is needed.
    /// - Throws: a syntax error, a failure of the evaluation, or an exceeded limit.
    public func evaluate(
        source: String, name: String = "«string»", directory: String = "/"
    ) throws(EvaluationError) -> Value {
        try onLargeStack { () throws(EvalFailure) in
            try force(load(source: Array(source.utf8), name: name, directory: Array(directory.utf8)))
        }
    }

    /// Evaluates a file, or the `default.nix` of a directory.
    ///
    /// - Parameter file: an absolute path.
    /// - Returns: the value; what it contains is evaluated when it is needed.
    /// - Throws: why the file cannot be read, or as `evaluate(source:name:directory:)`.
    public func evaluate(file: String) throws(EvaluationError) -> Value {
        try onLargeStack { () throws(EvalFailure) in try force(load(file: CanonPath.canonicalize(Array(file.utf8)))) }
    }

    /// Selects from a value, as `-A` does: sets by name, lists by index. A function on the way is called with its
    /// defaults.
    ///
    /// - Parameters:
    ///   - path: names and indices, as in `a.b."c.d".0`.
    ///   - value: where the path begins.
    /// - Returns: the value that was selected.
    /// - Throws: an error if there is no such attribute, or a failure of the evaluation.
    public func select(_ path: String, from value: Value) throws(EvaluationError) -> Value {
        try onLargeStack { () throws(EvalFailure) in try select(value, path: path, []) }
    }

    /// Calls a function.
    ///
    /// - Parameters:
    ///   - function: a function, or a set with `__functor`.
    ///   - argument: its argument.
    /// - Returns: the value of the call.
    /// - Throws: a failure of the evaluation.
    public func call(_ function: Value, with argument: Value) throws(EvaluationError) -> Value {
        try onLargeStack { () throws(EvalFailure) in try call(function, [argument]) }
    }

    /// Makes a Nix string.
    public func string(_ text: String) -> Value { machine.makeString(Array(text.utf8)) }

    /// Evaluates everything in a value and prints it.
    ///
    /// - Parameters:
    ///   - value: the value.
    ///   - format: the format.
    /// - Returns: the text, without a newline at the end.
    /// - Throws: a failure of the evaluation, or of a value that the format cannot express.
    public func print(_ value: Value, as format: ValueFormat = .nix) throws(EvaluationError) -> String {
        let bytes = try onLargeStack { () throws(EvalFailure) in try text(of: value, as: format, isStrict: true) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Runs `body` where the compiler has the stack that it needs.
    private func onLargeStack<Output>(
        _ body: () throws(EvalFailure) -> Output
    ) throws(EvaluationError) -> Output {
        let result = BigStack.enter { () -> Result<Output, EvaluationError> in
            do throws(EvalFailure) { return .success(try body()) } catch { return .failure(report(error)) }
        }
        guard let result else { throw EvaluationError(kind: .internalError, BigStack.failureText) }
        return try result.get()
    }
}
