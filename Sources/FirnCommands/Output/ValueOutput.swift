import NixEval
import NixVM

/// Prints the values of evaluated expressions.
struct ValueOutput {
    enum Format {
        case nix, json, xml
        /// The text that a value has in a string, without quotes and without a newline.
        case raw
    }

    var format: Format
    /// Whether everything inside the value is evaluated, which JSON implies.
    var isStrict: Bool
    /// Whether XML has the positions of attributes and functions.
    var hasLocation: Bool

    /// Prints a value when the store objects that it names are in the store.
    func print(_ value: ValueHandle, _ evaluator: Evaluator, _ store: StoreArguments) throws(EvalFailure) {
        let text = try text(value, evaluator)
        try evaluator.flushStore()
        store.print(text, isData: format == .json || format == .raw)
    }

    private func text(_ value: ValueHandle, _ evaluator: Evaluator) throws(EvalFailure) -> [UInt8] {
        let newline = [UInt8(ascii: "\n")]
        switch format {
        case .json: return try evaluator.text(of: value, as: .json, isStrict: true) + newline
        case .xml: return try evaluator.xml(value, isStrict: isStrict, hasLocation: hasLocation)
        case .raw: return try evaluator.rawText(of: value)
        case .nix: return try evaluator.text(of: value, as: .nix, isStrict: isStrict) + newline
        }
    }
}
