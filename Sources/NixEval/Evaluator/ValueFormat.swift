import NixVM

/// The format in which a value is printed.
public enum ValueFormat: Sendable {
    /// The format of `nix-instantiate --eval`.
    case nix
    /// The format of `builtins.toJSON`.
    case json
    /// The format of `builtins.toXML`.
    case xml
}

extension Evaluator {
    /// Prints a value.
    ///
    /// - Parameters:
    ///   - value: the value.
    ///   - format: the format.
    ///   - isStrict: whether everything in the value is forced first, which JSON and XML imply.
    ///   - limit: with the format `nix`, printing ends soon after this number of bytes.
    /// - Returns: the text.
    /// - Throws: the failure of the evaluation.
    package func text(
        of value: ValueHandle, as format: ValueFormat, isStrict: Bool, limit: Int = .max
    ) throws(EvalFailure) -> [UInt8] {
        switch format {
        case .nix: try machine.printResult(isStrict ? deepForce(value) : force(value), limit: limit)
        case .json: machine.bytes(try call(builtin: "toJSON", [value])) ?? []
        case .xml: machine.bytes(try call(builtin: "toXML", [value])) ?? []
        }
    }

    /// The text that a value has in a string: that of a string itself, the store path of a path, and what a set has as
    /// `__toString` or `outPath`.
    ///
    /// - Throws: an error for other values, or the failure of the evaluation.
    package func rawText(of value: ValueHandle) throws(EvalFailure) -> [UInt8] {
        let forced = try force(value)
        if machine.isString(forced), let bytes = machine.bytes(forced) { return bytes }
        let coerce = try load(source: Array(#"v: "${v}""#.utf8), name: "«string»", directory: [UInt8(ascii: "/")])
        return machine.bytes(try call(coerce, [forced])) ?? []
    }
}
