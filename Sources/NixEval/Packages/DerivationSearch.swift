import NixSyntax
import NixVM

/// A search for derivations with an explicit stack instead of native recursion, so that its depth is that of the value.
struct DerivationSearch {
    /// A set or list whose members are visited.
    private struct Level {
        let value: ValueHandle
        /// The names of the set's members; nil for a list.
        let names: [[UInt8]]?
        let count: Int
        let path: [[UInt8]]
        /// Whether the members are entered like the searched value itself, since they are channels of `nix-env`.
        let combinesChannels: Bool
        var next = 0
    }

    /// What was found out about a member.
    private enum Member {
        /// A derivation with its name.
        case derivation([UInt8])
        case other
        /// Its evaluation ended in an assertion that is passed over.
        case skipped
    }

    let evaluator: Evaluator
    let arguments: [(name: [UInt8], value: ValueHandle)]
    let skipsAssertions: Bool
    private(set) var found: [FoundDerivation] = []
    /// The indices in `found` by name. Equal sets have equal names, so only these can be the same set.
    private var indicesByName: [[UInt8]: [Int]] = [:]
    private var levels: [Level] = []

    init(evaluator: Evaluator, arguments: [(name: [UInt8], value: ValueHandle)], skipsAssertions: Bool) {
        self.evaluator = evaluator
        self.arguments = arguments
        self.skipsAssertions = skipsAssertions
    }

    mutating func run(_ value: ValueHandle) throws(EvalFailure) {
        do throws(EvalFailure) {
            try enter(value, [])
            while let level = levels.last {
                guard level.next < level.count else {
                    levels.removeLast()
                    continue
                }
                levels[levels.count - 1].next += 1
                try visit(level)
            }
        } catch {
            throw explained(error)
        }
    }

    /// Visits the next member of a level.
    private mutating func visit(_ level: Level) throws(EvalFailure) {
        let name = level.names?[level.next] ?? Array(String(level.next).utf8)
        if level.names != nil, !Self.isPathComponent(name) { return }
        guard !level.combinesChannels else { return try enter(member(level), level.path + [name]) }
        // What this member needs is released, since a package set has many members that are no derivations.
        let machine = evaluator.machine
        let mark = machine.handleMark()
        let inspected = try inspect { () throws(EvalFailure) in try evaluator.force(member(level)) }
        let recurses = try inspected.recurses(evaluator, isList: level.names == nil)
        machine.releaseHandles(since: mark)
        switch inspected.kind {
        case .skipped: return
        case .derivation(let derivation): record(try evaluator.force(member(level)), derivation, level.path + [name])
        case .other where recurses: try enter(member(level), level.path + [name])
        case .other: return
        }
    }

    private func member(_ level: Level) -> ValueHandle {
        let machine = evaluator.machine
        // A level has exactly the members that its value has.
        return
            (level.names.map { machine.attribute(level.value, $0[level.next]) }
            ?? machine.element(level.value, level.next)) ?? level.value
    }

    private struct Inspected {
        let kind: Member
        let value: ValueHandle?

        /// Whether the members of a value that is no derivation are visited, too.
        func recurses(_ evaluator: Evaluator, isList: Bool) throws(EvalFailure) -> Bool {
            guard case .other = kind, let value else { return false }
            if isList { return true }
            guard evaluator.machine.isAttributes(value) else { return false }
            return try evaluator.flag(value, "recurseForDerivations")
        }
    }

    /// Evaluates a value and finds out whether it is a derivation.
    private func inspect(_ force: () throws(EvalFailure) -> ValueHandle) throws(EvalFailure) -> Inspected {
        evaluator.machine.passesOverAssertions = skipsAssertions
        defer { evaluator.machine.passesOverAssertions = false }
        do throws(EvalFailure) {
            let value = try force()
            guard try evaluator.isDerivation(value) else { return Inspected(kind: .other, value: value) }
            guard let name = try evaluator.text(value, "name") else {
                throw EvalFailure(kind: .type, message: Array("derivation name missing".utf8))
            }
            return Inspected(kind: .derivation(name), value: value)
        } catch {
            if skipsAssertions, error.kind.isCatchable { return Inspected(kind: .skipped, value: nil) }
            throw error
        }
    }

    /// Calls a function, then records a derivation or visits the members.
    private mutating func enter(_ value: ValueHandle, _ path: [[UInt8]]) throws(EvalFailure) {
        let machine = evaluator.machine
        let value = try evaluator.autoCall(value, arguments)
        switch try inspect({ () throws(EvalFailure) in value }).kind {
        case .skipped: return
        case .derivation(let name): return record(value, name, path)
        case .other: break
        }
        if machine.isAttributes(value) {
            let names = machine.attributeNames(value)
            let combines = machine.attribute(value, Array("_combineChannels".utf8)) != nil
            levels.append(
                Level(value: value, names: names, count: names.count, path: path, combinesChannels: combines))
        } else if let count = machine.count(value) {
            levels.append(Level(value: value, names: nil, count: count, path: path, combinesChannels: false))
        } else {
            throw EvalFailure(
                kind: .type,
                message: Array("expression does not evaluate to a derivation (or a set or list of those)".utf8))
        }
    }

    /// Records a derivation that was not found before.
    private mutating func record(_ value: ValueHandle, _ name: [UInt8], _ path: [[UInt8]]) {
        let known = indicesByName[name] ?? []
        if known.contains(where: { evaluator.machine.isSame(found[$0].value, value) }) { return }
        indicesByName[name] = known + [found.count]
        found.append(FoundDerivation(attributePath: path, name: name, value: value))
    }

    /// The failure with the attributes that were being visited.
    private func explained(_ failure: EvalFailure) -> EvalFailure {
        var failure = failure
        for level in levels.reversed() {
            guard let names = level.names, level.next > 0 else { continue }
            let name = names[level.next - 1]
            let shown = String(decoding: name, as: UTF8.self)
            failure.trace.append(
                TraceEntry(
                    message: "while evaluating the attribute '\(shown)'",
                    position: evaluator.position(ofAttribute: name, in: level.value)))
        }
        return failure
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
