import NixEval
import NixStore
import NixVM

/// A heap in which packages are evaluated, with the expressions that they come from.
final class PackageHeap {
    let evaluator: Evaluator
    let functions: PackageFunctions
    private let arguments: [(name: [UInt8], value: ValueHandle)]
    /// The file or directory of the expressions; nil for the user's own, of which there may be none.
    private let file: [UInt8]?
    private let defaultFile: [UInt8]
    private let prefix: String
    /// The value in which packages are searched, once it is loaded.
    private var root: ValueHandle?

    init(_ command: NixEnvCommand, _ settings: NixSettings, _ evaluator: Evaluator) throws(EvalFailure) {
        self.evaluator = evaluator
        functions = try PackageFunctions(evaluator)
        arguments = try command.evaluator.callArguments(evaluator)
        prefix = command.attribute ?? ""
        file = try command.file.map { name throws(EvalFailure) in try FileArgument(name).path(evaluator) }
        defaultFile = PackageExpressions.defaultPath(settings)
    }

    /// Loads the expressions and calls the function that they may be, once for all packages, and before a mark is set to
    /// which handles are released.
    func load() throws(EvalFailure) { root = try evaluator.autoCall(loadedRoot(), arguments) }

    private func loadedRoot() throws(EvalFailure) -> ValueHandle {
        if let root { return root }
        let root = try evaluator.select(expressions(), path: prefix, arguments)
        self.root = root
        return root
    }

    private func expressions() throws(EvalFailure) -> ValueHandle {
        if let file { return try PackageExpressions.load(file, evaluator) }
        guard (try? LocalIO().pathExists(defaultFile)) == true else { return evaluator.machine.makeAttributes([]) }
        return try PackageExpressions.load(defaultFile, evaluator)
    }

    /// The packages of the expressions.
    func available() throws(EvalFailure) -> [QueriedPackage] {
        try evaluator.derivations(in: loadedRoot(), arguments, skipsAssertions: true)
            .map { QueriedPackage($0, prefix: prefix) }
    }

    /// The packages of a profile, which has none if it has no manifest.
    func installed(in profile: [UInt8]) throws(EvalFailure) -> [QueriedPackage] {
        let io = LocalIO()
        func exists(_ name: String) -> Bool { (try? io.pathExists(profile + Array("/\(name)".utf8))) == true }
        if exists("manifest.json") {
            let shown = String(decoding: profile, as: UTF8.self)
            throw EvalFailure(
                kind: .value,
                message: Array(
                    "profile '\(shown)' is incompatible with 'nix-env'; please use 'nix profile' instead".utf8))
        }
        guard exists("manifest.nix") else { return [] }
        let manifest: [UInt8]
        do throws(EvalIOError) {
            manifest = try io.resolveSymlinks(profile + Array("/manifest.nix".utf8), .full)
        } catch {
            throw EvalFailure(kind: .io, message: error.message)
        }
        return try evaluator.derivations(in: evaluator.load(file: manifest), []).map { QueriedPackage($0, prefix: "") }
    }

    /// A package that was found in this heap.
    func package(_ found: QueriedPackage) -> Package {
        Package(evaluator, name: found.name.full, value: found.value, functions: functions)
    }

    /// A package of the expressions that was found in another heap.
    func packageAgain(_ found: QueriedPackage) throws(EvalFailure) -> Package {
        let value = try evaluator.derivation(at: found.path, in: loadedRoot(), arguments)
        return Package(evaluator, name: found.name.full, value: value, functions: functions)
    }
}
