import NixVM

/// A derivation that was found in a value.
package struct FoundDerivation: Sendable {
    /// The attribute path below the searched value; empty for the value itself.
    package var attributePath: [[UInt8]]
    package var name: [UInt8]
    package var path: [UInt8]
    /// The name of the selected output; empty if the derivation has no `outputName`.
    package var outputName: [UInt8]
    package var value: ValueHandle
}

/// The search for derivations, as in `nix-instantiate`.
extension Evaluator {
    /// Finds the derivations in a value: the value itself, the elements of a list, the attributes of a set, and those
    /// of nested sets with `recurseForDerivations`. Functions are called with the arguments that they name.
    package func derivations(
        in value: ValueHandle, _ arguments: [(name: [UInt8], value: ValueHandle)]
    ) throws(EvalFailure) -> [FoundDerivation] {
        var search = DerivationSearch(evaluator: self, arguments: arguments)
        try search.run(value)
        return search.found
    }

    /// The value of a boolean attribute of a forced set; false if it is absent.
    fileprivate func flag(_ set: ValueHandle, _ name: String) throws(EvalFailure) -> Bool {
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
        let value = try force(attribute)
        guard machine.isString(value), let bytes = machine.bytes(value) else {
            throw EvalFailure(
                kind: .type, message: Array("expected a string but found \(machine.describe(value))".utf8))
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

/// A search with an explicit stack instead of native recursion.
private struct DerivationSearch {
    let evaluator: Evaluator
    let arguments: [(name: [UInt8], value: ValueHandle)]
    var found: [FoundDerivation] = []
    private var done: [ValueHandle] = []
    private var work: [Work] = []

    private enum Work {
        /// Call a function, then record a derivation or search its members.
        case enter(ValueHandle, [[UInt8]])
        /// Record a derivation, or search a set with `recurseForDerivations`.
        case attribute(ValueHandle, [[UInt8]])
        /// Record a derivation or search its members.
        case element(ValueHandle, [[UInt8]])
    }

    init(evaluator: Evaluator, arguments: [(name: [UInt8], value: ValueHandle)]) {
        self.evaluator = evaluator
        self.arguments = arguments
    }

    mutating func run(_ value: ValueHandle) throws(EvalFailure) {
        work = [.enter(value, [])]
        while let next = work.popLast() {
            switch next {
            case .enter(let value, let path): try enter(value, path)
            case .attribute(let value, let path):
                let forced = try evaluator.force(value)
                if try record(forced, path) { continue }
                if evaluator.machine.isAttributes(forced), try evaluator.flag(forced, "recurseForDerivations") {
                    work.append(.enter(forced, path))
                }
            case .element(let value, let path):
                let forced = try evaluator.force(value)
                if !(try record(forced, path)) { work.append(.enter(forced, path)) }
            }
        }
    }

    private mutating func enter(_ value: ValueHandle, _ path: [[UInt8]]) throws(EvalFailure) {
        let machine = evaluator.machine
        let value = try evaluator.autoCall(value, arguments)
        if try record(value, path) { return }
        if machine.isAttributes(value) {
            let combines = machine.attribute(value, Array("_combineChannels".utf8)) != nil
            // The stack is popped from its end.
            for name in machine.attributeNames(value).reversed() where Self.isPathComponent(name) {
                guard let attribute = machine.attribute(value, name) else { continue }
                work.append(combines ? .enter(attribute, path + [name]) : .attribute(attribute, path + [name]))
            }
        } else if let count = machine.count(value) {
            for index in (0..<count).reversed() {
                guard let element = machine.element(value, index) else { continue }
                work.append(.element(element, path + [Array(String(index).utf8)]))
            }
        } else {
            throw EvalFailure(
                kind: .type,
                message: Array("expression does not evaluate to a derivation (or a set or list of those)".utf8))
        }
    }

    /// Records a forced value if it is a derivation that was not found before. Returns whether it is a derivation.
    private mutating func record(_ value: ValueHandle, _ path: [[UInt8]]) throws(EvalFailure) -> Bool {
        guard try evaluator.isDerivation(value) else { return false }
        if done.contains(where: { evaluator.machine.isSame($0, value) }) { return true }
        done.append(value)
        guard let name = try evaluator.text(value, "name") else {
            throw EvalFailure(kind: .missingAttribute, message: Array("derivation name missing".utf8))
        }
        guard let drvPath = try evaluator.text(value, "drvPath") else {
            throw EvalFailure(
                kind: .missingAttribute, message: Array("derivation does not contain a 'drvPath' attribute".utf8))
        }
        found.append(
            FoundDerivation(
                attributePath: path, name: name, path: drvPath,
                outputName: try evaluator.text(value, "outputName") ?? [], value: value))
        return true
    }

    /// Whether a name needs no quotes in an attribute path. Other names are skipped.
    private static func isPathComponent(_ name: [UInt8]) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool {
            byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
                || byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") || byte == UInt8(ascii: "_")
        }
        guard let first = name.first, isLetter(first) else { return false }
        return name.allSatisfy {
            isLetter($0) || $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") || $0 == UInt8(ascii: "-")
                || $0 == UInt8(ascii: "+")
        }
    }
}
