import NixVM

/// The functions of `package.nix`, loaded into an evaluator.
package struct PackageFunctions {
    private let plain: ValueHandle
    private let coerce: ValueHandle

    package init(_ evaluator: Evaluator) throws(EvalFailure) {
        let functions = try evaluator.force(
            evaluator.load(source: NixSources.package, name: "«package»", directory: [UInt8(ascii: "/")]))
        func function(_ name: String) throws(EvalFailure) -> ValueHandle {
            guard let function = evaluator.machine.attribute(functions, Array(name.utf8)) else {
                throw EvalFailure(kind: .internalError, message: Array("package.nix has no '\(name)'".utf8))
            }
            return try evaluator.force(function)
        }
        plain = try function("isPlain")
        coerce = try function("coerce")
    }

    /// Whether a value consists of numbers, booleans, strings, and sets and lists of these. It is evaluated completely, up to
    /// the first part that is something else.
    func isPlain(_ value: ValueHandle, _ evaluator: Evaluator) throws(EvalFailure) -> Bool {
        evaluator.machine.boolean(try evaluator.call(plain, [value])) == true
    }

    /// The text that a value has in a string: that of a string, and what a set has as `__toString` or `outPath`.
    func coerced(_ value: ValueHandle, _ evaluator: Evaluator) throws(EvalFailure) -> [UInt8] {
        // A string is what almost every value is, and needs no call.
        let forced = try evaluator.force(value)
        if evaluator.machine.isString(forced), let bytes = evaluator.machine.bytes(forced) { return bytes }
        return evaluator.machine.bytes(try evaluator.call(coerce, [forced])) ?? []
    }
}
