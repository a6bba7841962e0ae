import NixVM

/// A derivation found in a value.
public struct FoundDerivation: Sendable {
    /// Where it was found, below the value searched: empty for the value itself.
    public var attributePath: [[UInt8]]
    public var name: [UInt8]
    public var path: [UInt8]
    /// The output that was meant; empty when the derivation does not say.
    public var outputName: [UInt8]
    public var value: ValueHandle
}

/// Finding derivations as `nix-instantiate` does.
extension Evaluator {
    /// The derivations that a value is or holds: a derivation itself, those of a list, those of a set's attributes, and
    /// below where a set says `recurseForDerivations`. Functions are called with the arguments that they name.
    public func derivations(
        in value: ValueHandle, _ arguments: [(name: [UInt8], value: ValueHandle)]
    ) throws(EvalFailure) -> [FoundDerivation] {
        var search = DerivationSearch(evaluator: self, arguments: arguments)
        try search.run(value)
        return search.found
    }

    /// A boolean attribute of a forced set; false when it is missing.
    fileprivate func flag(_ set: ValueHandle, _ name: String) throws(EvalFailure) -> Bool {
        guard let attribute = machine.attribute(set, Array(name.utf8)) else { return false }
        let value = try force(attribute)
        guard let flag = machine.boolean(value) else {
            throw EvalFailure(
                kind: .type, message: Array("expected a Boolean but found \(machine.describe(value))".utf8))
        }
        return flag
    }

    /// A string attribute of a forced set; nil when it is missing.
    public func text(_ set: ValueHandle, _ name: String) throws(EvalFailure) -> [UInt8]? {
        guard let attribute = machine.attribute(set, Array(name.utf8)) else { return nil }
        let value = try force(attribute)
        guard machine.isString(value), let bytes = machine.bytes(value) else {
            throw EvalFailure(
                kind: .type, message: Array("expected a string but found \(machine.describe(value))".utf8))
        }
        return bytes
    }

    /// Whether a forced value is a derivation.
    public func isDerivation(_ value: ValueHandle) throws(EvalFailure) -> Bool {
        guard machine.isAttributes(value), let type = machine.attribute(value, Array("type".utf8)) else { return false }
        let forced = try force(type)
        return machine.isString(forced) && machine.bytes(forced) == Array("derivation".utf8)
    }
}

/// One search, without native recursion.
private struct DerivationSearch {
    let evaluator: Evaluator
    let arguments: [(name: [UInt8], value: ValueHandle)]
    var found: [FoundDerivation] = []
    private var done: [ValueHandle] = []
    private var work: [Work] = []

    private enum Work {
        /// Call what can be called, then take the derivation or look inside.
        case enter(ValueHandle, [[UInt8]])
        /// Take the derivation, or look inside if the set says so.
        case attribute(ValueHandle, [[UInt8]])
        /// Take the derivation, or look inside.
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
                if try take(forced, path) { continue }
                if evaluator.machine.isAttributes(forced), try evaluator.flag(forced, "recurseForDerivations") {
                    work.append(.enter(forced, path))
                }
            case .element(let value, let path):
                let forced = try evaluator.force(value)
                if !(try take(forced, path)) { work.append(.enter(forced, path)) }
            }
        }
    }

    private mutating func enter(_ value: ValueHandle, _ path: [[UInt8]]) throws(EvalFailure) {
        let machine = evaluator.machine
        let value = try evaluator.autoCall(value, arguments)
        if try take(value, path) { return }
        if machine.isAttributes(value) {
            let combines = machine.attribute(value, Array("_combineChannels".utf8)) != nil
            // The last pushed comes first.
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

    /// Whether a forced value is a derivation; then it is noted, unless it was before.
    private mutating func take(_ value: ValueHandle, _ path: [[UInt8]]) throws(EvalFailure) -> Bool {
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

    /// Whether a name can stand in an attribute path without quotes: others are passed over.
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
