import NixEval
import NixStore
import NixVM

/// What a command line names of a flake: `REFERENCE#ATTRIBUTE`.
package struct FlakeInstallable {
    package let reference: FlakeReference
    /// The attribute path after `#`; empty if there is none.
    package let fragment: String
    /// A warning about the reference.
    package let warning: [UInt8]?

    /// - Parameters:
    ///   - text: the word of the command line.
    ///   - directory: the directory that a relative path is relative to.
    ///   - io: finds the flake around a path.
    /// - Throws: why the text is no reference, or why there is no flake at its path.
    package init(_ text: String, relativeTo directory: [UInt8], io: any EvalIO) throws(EvalFailure) {
        do throws(FetchError) {
            let found = try FlakeReference.onCommandLine(Array(text.utf8), relativeTo: directory, io: io)
            reference = found.reference
            fragment = String(decoding: found.fragment, as: UTF8.self)
            warning = found.warning
        } catch {
            throw EvalFailure(error)
        }
        if fragment.contains("^") {
            throw .flake(
                "'\(text)' selects outputs of a derivation (^), and nothing is built here: leave out '^' and the rest")
        }
    }

    /// The attribute paths that a fragment may mean, as `nix build` and `nix eval` look them up.
    ///
    /// - Parameters:
    ///   - fragment: the fragment.
    ///   - system: the system whose packages are meant.
    package static func attributePaths(_ fragment: String, system: String) -> [String] {
        if fragment.isEmpty { return ["packages.\(system).default", "defaultPackage.\(system)"] }
        if fragment.hasPrefix(".") { return [String(fragment.dropFirst())] }
        return ["packages.\(system).\(fragment)", "legacyPackages.\(system).\(fragment)", fragment]
    }
}

extension LockedFlake {
    /// The outputs of the flake.
    package func outputs() throws(EvalFailure) -> ValueHandle {
        let value = try value()
        guard let outputs = evaluator.machine.attribute(value, Array("outputs".utf8)) else {
            throw .flake("flake '\(flake.original.shown)' has no outputs")
        }
        return try evaluator.force(outputs)
    }

    /// What a fragment means, as `nix build` and `nix eval` look it up: in `packages.SYSTEM`, in `legacyPackages.SYSTEM`,
    /// then in all outputs. Without a fragment, it is the default package.
    ///
    /// - Returns: the value, forced, and its attribute path.
    /// - Throws: a failure of the evaluation, or an error that says what is not there.
    package func select(
        _ fragment: String, system: String
    ) throws(EvalFailure) -> (value: ValueHandle, path: String) {
        let paths = FlakeInstallable.attributePaths(fragment, system: system)
        let outputs = try outputs()
        var suggestions: [String] = []
        for path in paths {
            if let value = try find(path, in: outputs, &suggestions) { return (value, path) }
        }
        let shown = paths.map { "'\($0)'" }
        let list = shown.count == 1 ? shown[0] : shown.dropLast().joined(separator: ", ") + " or " + (shown.last ?? "")
        throw EvalFailure(
            kind: .missingAttribute,
            message: Array("flake '\(flake.original.shown)' does not provide attribute \(list)".utf8),
            suggestions: suggestions)
    }

    /// The value at an attribute path; nil if there is none.
    private func find(
        _ path: String, in outputs: ValueHandle, _ suggestions: inout [String]
    ) throws(EvalFailure) -> ValueHandle? {
        let machine = evaluator.machine
        var current = outputs
        for step in try Evaluator.steps(of: path) {
            guard machine.isAttributes(current) else { return nil }
            let name = Array(step.utf8)
            guard let next = machine.attribute(current, name) else {
                suggestions += machine.suggestions(for: name, in: current)
                return nil
            }
            current = try evaluator.force(next)
        }
        return current
    }
}
