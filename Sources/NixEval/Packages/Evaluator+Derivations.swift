import NixVM

/// A derivation that was found in a value.
package struct FoundDerivation: Sendable {
    /// The attribute path below the searched value; empty for the value itself.
    package var attributePath: [[UInt8]]
    package var name: [UInt8]
    /// The set of the derivation, forced.
    package var value: ValueHandle
}

/// The search for derivations, as in `nix-instantiate` and `nix-env`.
extension Evaluator {
    /// Finds the derivations in a value: the value itself, the elements of a list, the attributes of a set, and those
    /// of nested sets with `recurseForDerivations`. Functions are called with the arguments that they name.
    ///
    /// - Parameters:
    ///   - value: where to search.
    ///   - arguments: the arguments of functions.
    ///   - skipsAssertions: whether a value that ends in `throw` or a failed `assert` is passed over, as `nix-env` does.
    /// - Returns: the derivations in the order of their attribute paths, each set once.
    /// - Throws: any other failure, or one of a value that is neither a set nor a list.
    package func derivations(
        in value: ValueHandle, _ arguments: [(name: [UInt8], value: ValueHandle)], skipsAssertions: Bool = false
    ) throws(EvalFailure) -> [FoundDerivation] {
        var search = DerivationSearch(evaluator: self, arguments: arguments, skipsAssertions: skipsAssertions)
        try search.run(value)
        return search.found
    }

    /// A derivation that `derivations` found, in a value of equal contents.
    ///
    /// - Parameter path: its attribute path.
    /// - Throws: a failure of the evaluation, or an error if there is no such derivation.
    package func derivation(
        at path: [[UInt8]], in value: ValueHandle, _ arguments: [(name: [UInt8], value: ValueHandle)]
    ) throws(EvalFailure) -> ValueHandle {
        var current = try autoCall(value, arguments)
        for (index, name) in path.enumerated() {
            let combines = machine.attribute(current, Array("_combineChannels".utf8)) != nil
            guard let member = member(name, of: current) else {
                let shown = String(decoding: Array(path.joined(separator: [UInt8(ascii: ".")])), as: UTF8.self)
                throw EvalFailure(kind: .missingAttribute, message: Array("attribute path '\(shown)' not found".utf8))
            }
            current = try force(member)
            let isDerivation = try isDerivation(current)
            if combines || index < path.count - 1 || !isDerivation { current = try autoCall(current, arguments) }
        }
        return current
    }

    private func member(_ name: [UInt8], of value: ValueHandle) -> ValueHandle? {
        if machine.isAttributes(value) { return machine.attribute(value, name) }
        return Int(String(decoding: name, as: UTF8.self)).flatMap { machine.element(value, $0) }
    }

    /// The value of a boolean attribute of a forced set; false if it is absent.
    func flag(_ set: ValueHandle, _ name: String) throws(EvalFailure) -> Bool {
        guard let attribute = machine.attribute(set, Array(name.utf8)) else { return false }
        let value = try force(attribute)
        guard let flag = machine.boolean(value) else {
            throw EvalFailure(
                kind: .type, message: Array("expected a Boolean but found \(machine.describe(value))".utf8))
        }
        return flag
    }

    /// The value of a string attribute of a forced set; nil if it is absent.
    package func text(_ set: ValueHandle, _ name: String) throws(EvalFailure) -> [UInt8]? {
        guard let attribute = machine.attribute(set, Array(name.utf8)) else { return nil }
        return try string(attribute)
    }

    /// The bytes of a value that must be a string.
    func string(_ value: ValueHandle) throws(EvalFailure) -> [UInt8] {
        let forced = try force(value)
        guard machine.isString(forced), let bytes = machine.bytes(forced) else {
            throw EvalFailure(
                kind: .type, message: Array("expected a string but found \(machine.describe(forced))".utf8))
        }
        return bytes
    }

    /// Whether a forced value is a derivation.
    package func isDerivation(_ value: ValueHandle) throws(EvalFailure) -> Bool {
        guard machine.isAttributes(value), let type = machine.attribute(value, Array("type".utf8)) else { return false }
        let forced = try force(type)
        return machine.isString(forced) && machine.bytes(forced) == Array("derivation".utf8)
    }
}
