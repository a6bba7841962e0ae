import Foundation
import NixEval
import NixStore
import NixVM

@testable import NixFlakes

/// A directory with flakes, in which a test locks and evaluates.
struct FlakeFolder {
    let path: String

    init(_ files: [String: String] = [:]) throws {
        let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appendingPathComponent("firn-flakes-\(UUID().uuidString)")
        path = folder.path
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, text) in files { try write(name, text) }
    }

    func write(_ name: String, _ text: String) throws {
        let file = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.replacing("@", with: path).utf8).write(to: file)
    }

    func read(_ name: String) -> String? {
        FileManager.default.contents(atPath: "\(path)/\(name)").map { String(decoding: $0, as: UTF8.self) }
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// What an evaluation printed and gave.
    struct Outcome {
        var value: String?
        var failure: String?
        var warnings: [String] = []
    }

    /// Locks a flake, and prints what a fragment selects.
    ///
    /// - Parameters:
    ///   - word: the flake as on the command line, with `@` for this directory.
    ///   - isPure: whether only the store can be read.
    ///   - limits: the limits of the evaluation.
    ///   - prepare: changes the options and registries.
    func evaluate(
        _ word: String, isPure: Bool = true, limits: Limits = Limits(),
        prepare: (inout LockOptions, inout FlakeRegistries) throws -> Void = { _, _ in },
        body: (LockedFlake, String) throws(EvalFailure) -> String? = Self.select
    ) throws -> Outcome {
        var options = LockOptions()
        var registries = FlakeRegistries()
        try prepare(&options, &registries)
        var outcome = Outcome()
        _ = BigStack.run {
            let machine = MachineSettings(currentSystem: isPure ? nil : Array("x86_64-linux".utf8), pure: isPure)
            let settings = EvaluatorOptions(limits: limits, settings: machine)
            let print = { (text: [UInt8]) in outcome.warnings.append(String(decoding: text, as: UTF8.self)) }
            guard
                let evaluator = Evaluator(
                    io: isPure ? LocalIO.storeOnly() : LocalIO(), fetchIO: LocalIO(isPure: isPure), options: settings,
                    print: print)
            else { return }
            do throws(EvalFailure) {
                let installable = try FlakeInstallable(
                    word.replacing("@", with: path), relativeTo: Array(path.utf8), io: LocalIO())
                let flake = try LockedFlake.lock(installable.reference, evaluator, options, registries)
                outcome.value = try body(flake, installable.fragment)
            } catch {
                outcome.failure = String(decoding: evaluator.report(error).text(showTrace: false), as: UTF8.self)
            }
        }
        return outcome
    }

    /// Evaluates an expression without anything that was locked.
    ///
    /// - Returns: the value, or the text of the failure.
    func evaluate(expression: String) throws -> String {
        BigStack.run {
            let options = EvaluatorOptions(settings: MachineSettings(pure: true))
            guard let evaluator = Evaluator(io: LocalIO(isPure: true), options: options, print: { _ in }) else {
                return "no evaluator"
            }
            do throws(EvalFailure) {
                let value = try evaluator.load(
                    source: Array(expression.utf8), name: "«test»", directory: Array("/".utf8))
                return String(decoding: try evaluator.text(of: value, as: .nix, isStrict: true), as: UTF8.self)
            } catch {
                return String(decoding: evaluator.report(error).text(showTrace: false), as: UTF8.self)
            }
        } ?? "no thread"
    }

    static func select(_ flake: LockedFlake, _ fragment: String) throws(EvalFailure) -> String? {
        let value = try flake.select(fragment, system: "x86_64-linux").value
        let text = try flake.evaluator.text(of: value, as: .nix, isStrict: true)
        return String(decoding: text, as: UTF8.self)
    }
}
