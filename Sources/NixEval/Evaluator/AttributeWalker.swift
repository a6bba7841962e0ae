import NixVM

/// Visits the attributes of one loaded file like nix-eval-jobs: an attribute is a derivation, a set to descend into, a
/// value that cannot be built, or an error that does not affect the other attributes.
///
/// Values that were forced for one attribute stay forced for the next, so that the common part of a package set is
/// evaluated once.
public final class AttributeWalker {
    /// Options for visiting attributes.
    public struct Options: Sendable {
        /// Whether sets without `recurseForDerivations` are descended into.
        public var forceRecurse: Bool
        /// Whether the `meta` of derivations is included, as far as it is plain data.
        public var meta: Bool
        /// Whether errors include a trace.
        public var showTrace: Bool

        public init(forceRecurse: Bool = false, meta: Bool = false, showTrace: Bool = false) {
            self.forceRecurse = forceRecurse
            self.meta = meta
            self.showTrace = showTrace
        }
    }

    private let evaluator: Evaluator
    private let root: ValueHandle
    private let arguments: [(name: [UInt8], value: ValueHandle)]
    private let describeFunction: ValueHandle
    private let showTrace: Bool

    /// - Parameters:
    ///   - evaluator: the evaluator of the value.
    ///   - value: the value of the file. A function is called with `arguments` and its defaults.
    ///   - arguments: the arguments by name.
    ///   - options: the options.
    /// - Throws: the failure of evaluating the file.
    package init(
        _ evaluator: Evaluator, value: ValueHandle, arguments: [(name: [UInt8], value: ValueHandle)],
        options: Options = Options()
    ) throws(EvalFailure) {
        self.evaluator = evaluator
        self.arguments = arguments
        showTrace = options.showTrace
        let machine = evaluator.machine
        let function = try evaluator.force(
            evaluator.load(source: NixSources.attributeWalk, name: "«attribute-walk»", directory: [UInt8(ascii: "/")]))
        describeFunction = try evaluator.call(
            function, [machine.makeBool(options.forceRecurse), machine.makeBool(options.meta)])
        root = try evaluator.autoCall(value, arguments)
    }

    /// Visits one attribute.
    ///
    /// - Parameter path: the names from the top level on; empty for the top level itself.
    /// - Returns: a JSON object on one line with `attr` and `attrPath`. A derivation also has `drvPath`, `name`,
    ///   `outputs`, `system` (and `meta`); a failure has `error`; anything else has `attrs`, the names to be visited
    ///   below it.
    /// - Throws: a failure that ends the whole evaluation: an exceeded limit, or cancellation.
    package func visit(_ path: [[UInt8]]) throws(EvalFailure) -> [UInt8] {
        let machine = evaluator.machine
        let mark = machine.handleMark()
        defer { machine.releaseHandles(since: mark) }
        let label = (name: Array("attr".utf8), value: machine.makeString(Self.joined(path)))
        let names = (name: Array("attrPath".utf8), value: machine.makeList(path.map(machine.makeString)))
        do throws(EvalFailure) {
            let selected = try evaluator.select(root, steps: path, named: Self.text(Self.joined(path)), arguments)
            let value = try evaluator.autoCall(selected, arguments)
            let description = try evaluator.call(
                describeFunction, [machine.makeAttributes([label, names]), machine.makeBool(path.isEmpty), value])
            return try json(description)
        } catch {
            guard !error.kind.endsEvaluation else { throw error }
            let text = evaluator.report(error).text(showTrace: showTrace)
            let failure = (name: Array("error".utf8), value: machine.makeString(text))
            return try json(machine.makeAttributes([label, names, failure]))
        }
    }

    private func json(_ value: ValueHandle) throws(EvalFailure) -> [UInt8] {
        evaluator.machine.bytes(try evaluator.call(builtin: "toJSON", [value])) ?? []
    }

    /// The names joined by dots. Like nix-eval-jobs, it quotes names with a dot.
    package static func joined(_ path: [[UInt8]]) -> [UInt8] {
        let dot = UInt8(ascii: ".")
        let quote = UInt8(ascii: "\"")
        return Array(path.map { $0.contains(dot) ? [quote] + $0 + [quote] : $0 }.joined(separator: [dot]))
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
