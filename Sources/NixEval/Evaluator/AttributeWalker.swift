import NixStore
import NixVM
import Platform

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
        /// The source of a function that the value is passed to, and whose result has the attributes; empty for none.
        public var select: [UInt8] = []
        /// The source of a function that each derivation is passed to, and whose result is `extraValue`; empty for none.
        public var apply: [UInt8] = []
        /// Whether `inputDrvs` is included.
        public var inputDerivations = false
        /// Whether the constituents of aggregate jobs are included.
        public var constituents = false
        /// Whether each line has details behind it.
        public var details = false

        public init(forceRecurse: Bool = false, meta: Bool = false, showTrace: Bool = false) {
            self.forceRecurse = forceRecurse
            self.meta = meta
            self.showTrace = showTrace
        }
    }

    /// The result of a visit.
    package struct Visit {
        /// A JSON object with `attr` and `attrPath`. A derivation also has `drvPath`, `name`, `outputs` and `system`, what
        /// the options ask for, and `requiredSystemFeatures` if it was made by this evaluation; a failure has `error`;
        /// anything else has `attrs`, the names to be visited below it.
        package var line: LineObject
        /// An object with `kind`, which is `derivation`, `error` or `set`, and with what it takes to rewrite an aggregate or
        /// to use a derivation in one.
        package var details: LineObject

        init(_ line: LineObject, kind: String) {
            self.line = line
            details = LineObject()
            details.add("kind", text: Array(kind.utf8))
        }
    }

    let evaluator: Evaluator
    let options: Options
    private let root: ValueHandle
    private let arguments: [(name: [UInt8], value: ValueHandle)]
    private let describeFunction: ValueHandle

    /// - Parameters:
    ///   - evaluator: the evaluator of the value.
    ///   - value: the value of the file. A function is called with `arguments` and its defaults.
    ///   - arguments: the arguments by name.
    ///   - options: the options.
    ///   - directory: the directory that relative paths in the options' functions are relative to.
    /// - Throws: the failure of evaluating the file or the functions.
    package init(
        _ evaluator: Evaluator, value: ValueHandle, arguments: [(name: [UInt8], value: ValueHandle)],
        options: Options = Options(), directory: [UInt8] = RootedIO.bundlePath
    ) throws(EvalFailure) {
        self.evaluator = evaluator
        self.arguments = arguments
        self.options = options
        let machine = evaluator.machine
        func function(_ source: [UInt8]) throws(EvalFailure) -> ValueHandle {
            try evaluator.load(source: source, name: "«string»", directory: directory)
        }
        let describe = try evaluator.force(
            evaluator.load(source: NixSources.attributeWalk, name: "«attribute-walk»", directory: [UInt8(ascii: "/")]))
        let apply = try function(options.apply.isEmpty ? Array("null".utf8) : options.apply)
        let choices: [(name: [UInt8], value: ValueHandle)] = [
            (Array("forceRecurse".utf8), machine.makeBool(options.forceRecurse)),
            (Array("withMeta".utf8), machine.makeBool(options.meta)),
            (Array("withConstituents".utf8), machine.makeBool(options.constituents)),
            (Array("apply".utf8), apply),
        ]
        describeFunction = try evaluator.call(describe, [machine.makeAttributes(choices)])
        let top = try evaluator.autoCall(value, arguments)
        guard !options.select.isEmpty else {
            root = top
            return
        }
        root = try evaluator.force(evaluator.call(function(options.select), [top]))
        guard machine.isAttributes(root) else {
            throw EvalFailure(
                kind: .type,
                message: Array(
                    "expected a set but found \(machine.describe(root)): '--select' must evaluate to a set".utf8))
        }
    }

    /// Visits one attribute.
    ///
    /// - Parameter path: the names from the top level on; empty for the top level itself.
    /// - Returns: what the attribute is, or its error.
    /// - Throws: a failure that ends the whole evaluation: an exceeded limit, or cancellation.
    package func visit(_ path: [[UInt8]]) throws(EvalFailure) -> Visit {
        let mark = evaluator.machine.handleMark()
        defer { evaluator.machine.releaseHandles(since: mark) }
        var header = LineObject()
        header.add("attr", text: Self.joined(path))
        header.add("attrPath", texts: path)
        do throws(EvalFailure) {
            let selected = try evaluator.select(root, steps: path, named: Self.text(Self.joined(path)), arguments)
            let value = try evaluator.autoCall(selected, arguments)
            let description = try evaluator.force(
                evaluator.call(describeFunction, [evaluator.machine.makeBool(path.isEmpty), value]))
            return try visit(value, described: description, header)
        } catch {
            guard !error.kind.endsEvaluation else { throw error }
            header.add("error", text: evaluator.report(error).text(showTrace: options.showTrace))
            return Visit(header, kind: "error")
        }
    }

    /// Writes what the function in attribute-walk.nix says of a value, and what the evaluation knows of a derivation.
    private func visit(
        _ value: ValueHandle, described description: ValueHandle, _ header: LineObject
    ) throws(EvalFailure) -> Visit {
        let machine = evaluator.machine
        let names = machine.attributeNames(description)
        var visit = Visit(header, kind: names.contains(Array("drvPath".utf8)) ? "derivation" : "set")
        let record = try record(description)
        for name in names {
            // What the derivation itself has is more precise than an attribute of the same name.
            if record != nil, name == Array("system".utf8) { continue }
            guard let attribute = machine.attribute(description, name) else { continue }
            visit.line.add(name, value: try json(attribute))
        }
        guard let record else { return visit }
        visit.line.add("system", text: record.system)
        visit.line.add("requiredSystemFeatures", texts: record.allRequiredFeatures)
        if options.inputDerivations { visit.line.add("inputDrvs", value: try inputDerivations(record)) }
        if options.constituents {
            visit.details.add("modulo", text: Array(record.modulo.text.utf8))
            visit.details.add("output", text: record.outputs.first?.name ?? [])
            if let names = machine.attribute(description, Array("namedConstituents".utf8)),
                machine.count(try evaluator.force(names)) ?? 0 > 0
            {
                visit.details.add("aggregate", value: try aggregate(value, record).bytes)
            }
        }
        return visit
    }

    /// The record of the derivation that is described; nil for something else, or a derivation that this evaluation has
    /// not made.
    private func record(_ description: ValueHandle) throws(EvalFailure) -> DerivationTable.Record? {
        guard let attribute = evaluator.machine.attribute(description, Array("drvPath".utf8)),
            let path = evaluator.machine.bytes(try evaluator.force(attribute)),
            let index = evaluator.machine.derivations.index(path)
        else { return nil }
        return evaluator.machine.derivations.record(index)
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
