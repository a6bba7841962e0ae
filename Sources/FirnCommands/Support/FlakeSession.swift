import NixEval
import NixFlakes
import NixStore
import NixVM

/// Flakes that one command evaluates: what their options and this machine's registries say.
package struct FlakeSession {
    private let evaluator: Evaluator
    private let options: LockOptions
    private let registries: FlakeRegistries
    private let system: String

    /// - Throws: why a reference in the options is wrong, or a file cannot be read.
    package init(_ arguments: FlakeArguments, _ evaluator: Evaluator, _ settings: NixSettings) throws(EvalFailure) {
        self.evaluator = evaluator
        system = settings.currentSystem
        var options = LockOptions()
        for pair in arguments.values(.overrideInput) {
            let path = try InputPath.parse(Array(pair[0].utf8))
            if path.isEmpty { throw Self.failure("--override-input takes the path of an input, not ''") }
            let installable = try Self.installable(pair[1], evaluator)
            options.overrides.append((path, installable.reference))
        }
        for values in arguments.values(.updateInput) {
            options.updates.append(try InputPath.parse(Array(values[0].utf8)))
        }
        options.recreates = arguments.has(.recreateLockFile)
        options.mayChange = !arguments.has(.noUpdateLockFile)
        options.isWritten = !arguments.has(.noWriteLockFile)
        options.output = arguments.values(.outputLockFile).last?[0]
        options.usesRegistries = settings.usesRegistries && !arguments.has(.noRegistries)
        if let file = arguments.values(.referenceLockFile).last?[0] { options.reference = (try Self.read(file), file) }
        self.options = options
        registries = try Self.registries(arguments, evaluator, settings)
    }

    private static func failure(_ text: String) -> EvalFailure { EvalFailure(kind: .value, message: Array(text.utf8)) }

    private static func read(_ file: String) throws(EvalFailure) -> [UInt8] {
        do throws(EvalIOError) {
            return try LocalIO().readFile(CanonPath.absolute(Array(file.utf8), relativeTo: currentDirectory()))
        } catch {
            throw EvalFailure(kind: .io, message: error.message)
        }
    }

    private static func registries(
        _ arguments: FlakeArguments, _ evaluator: Evaluator, _ settings: NixSettings
    ) throws(EvalFailure) -> FlakeRegistries {
        var registries = FlakeRegistries()
        let environment = NixEnvironment()
        func read(_ path: [UInt8]) -> InputRegistry {
            let (registry, warning) = FlakeRegistries.read(path, io: environment.io)
            if let warning { Output.message(Array("warning: ".utf8) + warning + [UInt8(ascii: "\n")]) }
            return registry
        }
        registries.user = read(environment.userRegistry)
        registries.system = read(environment.systemRegistry)
        let global = settings.flakeRegistry ?? "https://channels.nixos.org/flake-registry.json"
        if global.hasPrefix("/") {
            registries.global = read(Array(global.utf8))
        } else if !global.isEmpty, evaluator.hasNetwork {
            registries.remote = { () throws(EvalFailure) in
                let file = try evaluator.download(Array(global.utf8))
                return read(file)
            }
        }
        for text in arguments.values(.inputsFrom).map({ $0[0] }) {
            var options = LockOptions()
            options.isWritten = false
            let flake = try LockedFlake.lock(
                try installable(text, evaluator).reference, evaluator, options, registries)
            registries.flags.entries += flake.registryEntries
        }
        return registries
    }

    private static func installable(_ word: String, _ evaluator: Evaluator) throws(EvalFailure) -> FlakeInstallable {
        let installable = try FlakeInstallable(word, relativeTo: currentDirectory(), io: LocalIO())
        if let warning = installable.warning { evaluator.machine.printWarning(warning) }
        return installable
    }

    /// Locks the flake of a word of the command line.
    package func lock(_ word: String) throws(EvalFailure) -> LockedFlake { try lock(Self.installable(word, evaluator)) }

    private func lock(_ installable: FlakeInstallable) throws(EvalFailure) -> LockedFlake {
        try LockedFlake.lock(installable.reference, evaluator, options, registries)
    }

    /// Locks the flake of a word of the command line, and makes it an expression for another machine.
    ///
    /// - Parameter location: see `LockedFlake.portable(at:)`.
    /// - Returns: the expression with its trees, and the attribute path after `#`.
    package func portable(
        _ word: String, at location: (_ number: Int, _ storePath: [UInt8]) -> String
    ) throws(EvalFailure) -> (flake: PortableFlake, fragment: String) {
        let installable = try Self.installable(word, evaluator)
        return (try lock(installable).portable(at: location), installable.fragment)
    }

    /// The value that a word of the command line selects from a flake.
    package func value(of word: String) throws(EvalFailure) -> ValueHandle {
        let installable = try Self.installable(word, evaluator)
        return try lock(installable).select(installable.fragment, system: system).value
    }
}
