import NixStore
import NixVM

/// A derivation of a package set, whose properties are evaluated as `nix-env` evaluates them.
package struct Package {
    /// An output and its store path; nil if the path was not asked for.
    package typealias Output = (name: [UInt8], path: [UInt8]?)

    package let name: [UInt8]
    private let evaluator: Evaluator
    private let value: ValueHandle
    private let functions: PackageFunctions

    /// - Parameters:
    ///   - name: the derivation's name.
    ///   - value: the derivation, forced.
    package init(_ evaluator: Evaluator, name: [UInt8], value: ValueHandle, functions: PackageFunctions) {
        self.evaluator = evaluator
        self.name = name
        self.value = value
        self.functions = functions
    }

    /// The system; `unknown` if the derivation has none.
    package func system() throws(EvalFailure) -> [UInt8] {
        try evaluator.text(value, "system") ?? Array("unknown".utf8)
    }

    /// The name of the output that the derivation stands for; empty if it has no `outputName`.
    package func outputName() throws(EvalFailure) -> [UInt8] { try evaluator.text(value, "outputName") ?? [] }

    /// The store path of the derivation's file; nil if the derivation has none.
    package func derivationPath() throws(EvalFailure) -> [UInt8]? {
        guard let attribute = attribute("drvPath") else { return nil }
        let path = try storePath(attribute)
        guard StorePath.isDerivation(path) else {
            throw EvalFailure(
                kind: .value, message: Array("store path '\(Self.text(path))' is not a valid derivation path".utf8))
        }
        return path
    }

    /// The store path of the derivation's file.
    ///
    /// - Throws: also if the derivation has none.
    package func requiredDerivationPath() throws(EvalFailure) -> [UInt8] {
        if let path = try derivationPath() { return path }
        throw EvalFailure(
            kind: .missingAttribute, message: Array("derivation does not contain a 'drvPath' attribute".utf8))
    }

    /// The store path of the output that the derivation stands for.
    package func outputPath() throws(EvalFailure) -> [UInt8] {
        guard let attribute = attribute("outPath") else {
            throw EvalFailure(
                kind: .missingAttribute, message: Array("derivation does not have attribute 'outPath'".utf8))
        }
        return try storePath(attribute)
    }

    /// The outputs in the order of their names. Those that the derivation lists but lacks are left out.
    ///
    /// - Parameter withPaths: whether store paths are evaluated.
    package func outputs(withPaths: Bool) throws(EvalFailure) -> [Output] {
        guard let attribute = attribute("outputs") else {
            return [(Array("out".utf8), withPaths ? try outputPath() : nil)]
        }
        let list = try evaluator.force(attribute)
        guard let count = evaluator.machine.count(list) else { throw unexpected("a list", list) }
        var outputs: [[UInt8]: [UInt8]?] = [:]
        for index in 0..<count {
            guard let element = evaluator.machine.element(list, index) else { continue }
            let name = try evaluator.string(element)
            if outputs[name] != nil { continue }
            guard withPaths else {
                outputs.updateValue(nil, forKey: name)
                continue
            }
            if let path = try path(ofOutput: name) { outputs.updateValue(path, forKey: name) }
        }
        return outputs.map { (name: $0.key, path: $0.value) }
            .sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    private func path(ofOutput name: [UInt8]) throws(EvalFailure) -> [UInt8]? {
        guard let attribute = evaluator.machine.attribute(value, name) else { return nil }
        let output = try evaluator.force(attribute)
        guard evaluator.machine.isAttributes(output) else { throw unexpected("a set", output) }
        guard let path = evaluator.machine.attribute(output, Array("outPath".utf8)) else { return nil }
        return try storePath(path)
    }

    private func attribute(_ name: String) -> ValueHandle? { evaluator.machine.attribute(value, Array(name.utf8)) }

    private func storePath(_ value: ValueHandle) throws(EvalFailure) -> [UInt8] {
        let path = try functions.coerced(value, evaluator)
        guard StorePath.isStorePath(path) else {
            throw EvalFailure(kind: .value, message: Array("path '\(Self.text(path))' is not in the Nix store".utf8))
        }
        return path
    }

    private func unexpected(_ expected: String, _ value: ValueHandle) -> EvalFailure {
        EvalFailure(
            kind: .type, message: Array("expected \(expected) but found \(evaluator.machine.describe(value))".utf8))
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// -1, 0 or 1 if a version is older than, equal to or newer than another.
    package func compareVersions(_ a: [UInt8], _ b: [UInt8]) throws(EvalFailure) -> Int {
        let machine = evaluator.machine
        let order = try evaluator.call(builtin: "compareVersions", [machine.makeString(a), machine.makeString(b)])
        return Int(String(decoding: try evaluator.text(of: order, as: .nix, isStrict: false), as: UTF8.self)) ?? 0
    }

    // MARK: Meta

    /// The names of the attributes of `meta`, sorted.
    package func metaNames() throws(EvalFailure) -> [[UInt8]] {
        guard let meta = try meta() else { return [] }
        return evaluator.machine.attributeNames(meta)
    }

    /// An attribute of `meta`; nil if it is absent, or holds something else than numbers, booleans, strings, and sets and
    /// lists of these.
    package func meta(_ name: [UInt8]) throws(EvalFailure) -> MetaValue? {
        guard let meta = try meta(), let attribute = evaluator.machine.attribute(meta, name),
            try functions.isPlain(attribute, evaluator)
        else { return nil }
        return MetaValue(evaluator, try evaluator.force(attribute))
    }

    private func meta() throws(EvalFailure) -> ValueHandle? {
        guard let attribute = attribute("meta") else { return nil }
        let meta = try evaluator.force(attribute)
        guard evaluator.machine.isAttributes(meta) else { throw unexpected("a set", meta) }
        return meta
    }
}
