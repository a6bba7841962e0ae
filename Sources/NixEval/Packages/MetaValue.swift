import NixVM

/// A value in the `meta` of a package.
package struct MetaValue {
    /// What the XML of `nix-env` distinguishes.
    package enum Kind {
        case string([UInt8])
        case int([UInt8])
        case float([UInt8])
        case bool(Bool)
        /// The strings in a list; what is no string is left out.
        case list([[UInt8]])
        /// The strings in a set with their names.
        case set([(name: [UInt8], value: [UInt8])])
    }

    private let evaluator: Evaluator
    private let value: ValueHandle

    /// - Parameter value: the value, completely evaluated.
    init(_ evaluator: Evaluator, _ value: ValueHandle) {
        self.evaluator = evaluator
        self.value = value
    }

    /// The value as JSON on one line.
    package func json() throws(EvalFailure) -> [UInt8] { try evaluator.text(of: value, as: .json, isStrict: true) }

    /// The bytes of a string; nil for another value.
    package var string: [UInt8]? { evaluator.machine.isString(value) ? evaluator.machine.bytes(value) : nil }

    package func kind() throws(EvalFailure) -> Kind {
        let machine = evaluator.machine
        if let string { return .string(string) }
        if let flag = machine.boolean(value) { return .bool(flag) }
        if let count = machine.count(value) {
            return .list(try strings((0..<count).compactMap { machine.element(value, $0) }).compactMap { $0 })
        }
        if machine.isAttributes(value) {
            let names = machine.attributeNames(value)
            let values = try strings(names.compactMap { machine.attribute(value, $0) })
            return .set(zip(names, values).compactMap { name, text in text.map { (name, $0) } })
        }
        let text = try evaluator.text(of: value, as: .nix, isStrict: false)
        return machine.typeName(value).hasSuffix("integer") ? .int(text) : .float(text)
    }

    private func strings(_ values: [ValueHandle]) throws(EvalFailure) -> [[UInt8]?] {
        var strings: [[UInt8]?] = []
        for value in values {
            let forced = try evaluator.force(value)
            strings.append(evaluator.machine.isString(forced) ? evaluator.machine.bytes(forced) : nil)
        }
        return strings
    }
}
