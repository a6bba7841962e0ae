import NixEval
import NixFormats
import NixStore
import NixVM

/// What `firn flake show` prints: the outputs of a flake, as a tree of the kinds that Nix knows.
///
/// An output is evaluated only as far as its kind needs it. Derivations of other systems and the contents of
/// `legacyPackages` are left out unless they are asked for.
package struct FlakeOverview {
    private let flake: LockedFlake
    private let evaluator: Evaluator
    private let system: String
    private let showsLegacy: Bool
    private let showsAllSystems: Bool
    /// Prints a line; nil if only the document is needed.
    private let prints: ((String) -> Void)?

    /// The deepest attribute path that is shown.
    private static let maximumDepth = 100

    /// - Parameters:
    ///   - flake: the flake.
    ///   - system: the system whose derivations are shown.
    ///   - showsLegacy: whether the contents of `legacyPackages` are shown.
    ///   - showsAllSystems: whether derivations of all systems are shown.
    ///   - prints: receives the lines of the tree, without newlines, as they are known.
    package init(
        _ flake: LockedFlake, system: String, showsLegacy: Bool, showsAllSystems: Bool, prints: ((String) -> Void)?
    ) {
        self.flake = flake
        evaluator = flake.evaluator
        self.system = system
        self.showsLegacy = showsLegacy
        self.showsAllSystems = showsAllSystems
        self.prints = prints
    }

    /// Evaluates the outputs and prints the tree.
    ///
    /// - Returns: the outputs as JSON.
    package mutating func make() throws(EvalFailure) -> JSONDocument {
        try visit(try flake.outputs(), [], Line(header: flake.lockedURL, next: ""))
    }

    /// The beginnings of the lines of an output and of those below it.
    private struct Line {
        let header: String
        let next: String
    }

    /// How the contents of an attribute path are shown.
    private enum Treatment {
        case set
        case derivation
        case job
        case legacy
        case app
        case template
        case other(type: String, description: String)
    }

    private static func treatment(_ path: [String]) -> Treatment {
        guard let first = path.first else { return .set }
        switch (first, path.count) {
        case ("defaultPackage", 1), ("devShell", 1), ("formatter", 1), ("nixosConfigurations", 1), ("nixosModules", 1),
            ("defaultApp", 1), ("templates", 1), ("overlays", 1):
            return .set
        case ("checks", ...2), ("packages", ...2), ("devShells", ...2), ("apps", ...2): return .set
        case ("defaultPackage", 2), ("devShell", 2), ("formatter", 2): return .derivation
        case ("checks", 3), ("packages", 3), ("devShells", 3): return .derivation
        case ("hydraJobs", _): return .job
        case ("legacyPackages", _): return .legacy
        case ("defaultApp", 2), ("apps", 3): return .app
        case ("defaultTemplate", 1), ("templates", 2): return .template
        case ("overlay", 1), ("overlays", 2): return .other(type: "nixpkgs-overlay", description: "Nixpkgs overlay")
        case ("nixosConfigurations", 2):
            return .other(type: "nixos-configuration", description: "NixOS configuration")
        case ("nixosModule", 1), ("nixosModules", 2): return .other(type: "nixos-module", description: "NixOS module")
        default: return .other(type: "unknown", description: "unknown")
        }
    }

    private func visit(_ value: ValueHandle, _ path: [String], _ line: Line) throws(EvalFailure) -> JSONDocument {
        do throws(EvalFailure) {
            switch Self.treatment(path) {
            case .set: return try showSet(value, path, line)
            case .derivation:
                if isOmitted(path) { return omit(line, path, "--all-systems") }
                guard try isDerivation(value) else {
                    evaluator.machine.printWarning(Array("\(path.joined(separator: ".")) is not a derivation".utf8))
                    return .object([:])
                }
                return try showDerivation(value, path, line)
            case .job:
                return try isDerivation(value) ? showDerivation(value, path, line) : showSet(value, path, line)
            case .legacy: return try showLegacy(value, path, line)
            case .app: return try showApp(value, line)
            case .template:
                let description = try text(value, "description") ?? []
                prints?("\(line.header): template: \(String(decoding: description, as: UTF8.self))")
                return .members(["type": .string(Array("template".utf8)), "description": .string(description)])
            case .other(let type, let description):
                prints?("\(line.header): \(description)")
                return .members(["type": .string(Array(type.utf8))])
            }
        } catch {
            // Package sets contain failures of which their users know.
            guard path.first == "legacyPackages", !error.kind.endsEvaluation else { throw error }
            return .object([:])
        }
    }

    private func isOmitted(_ path: [String]) -> Bool { !showsAllSystems && path.count > 1 && path[1] != system }

    private func omit(_ line: Line, _ path: [String], _ option: String) -> JSONDocument {
        if let prints {
            prints("\(line.header) omitted (use '\(option)' to show)")
        } else {
            let name = path.joined(separator: ".")
            evaluator.machine.printWarning(Array("\(name) omitted (use '\(option)' to show)".utf8))
        }
        return .object([:])
    }

    private func showLegacy(_ value: ValueHandle, _ path: [String], _ line: Line) throws(EvalFailure) -> JSONDocument {
        if path.count == 1 { return try showSet(value, path, line) }
        if !showsLegacy { return omit(line, path, "--legacy") }
        if isOmitted(path) { return omit(line, path, "--all-systems") }
        if try isDerivation(value) { return try showDerivation(value, path, line) }
        return path.count <= 2 ? try showSet(value, path, line) : .object([:])
    }

    private func showSet(_ value: ValueHandle, _ path: [String], _ line: Line) throws(EvalFailure) -> JSONDocument {
        guard path.count < Self.maximumDepth else {
            throw .flake("the outputs of the flake are sets more than \(Self.maximumDepth) deep")
        }
        let machine = evaluator.machine
        let set = try evaluator.force(value)
        guard machine.isAttributes(set) else {
            throw EvalFailure(
                kind: .type,
                message: Array("'\(path.joined(separator: "."))' is not an attribute set".utf8))
        }
        prints?(line.header)
        var members: [[UInt8]: JSONDocument] = [:]
        var names: [[UInt8]] = []
        for name in machine.attributeNames(set) {
            let inner = path + [String(decoding: name, as: UTF8.self)]
            if let member = machine.attribute(set, name), try hasContents(member, inner) { names.append(name) }
        }
        for (index, name) in names.enumerated() {
            guard let member = machine.attribute(set, name) else { continue }
            let isLast = index == names.count - 1
            let shown = String(decoding: name, as: UTF8.self)
            let inner = Line(
                header: line.next + (isLast ? TreeLines.last : TreeLines.middle) + shown,
                next: line.next + (isLast ? TreeLines.none : TreeLines.line))
            members[name] = try visit(member, path + [shown], inner)
        }
        return .object(members)
    }

    /// Whether an output is shown: one of the sets in which Nix expects derivations is not if nothing is in it.
    private func hasContents(_ value: ValueHandle, _ path: [String]) throws(EvalFailure) -> Bool {
        let isSystemSet = ["apps", "checks", "devShells", "legacyPackages", "packages"].contains(path[0])
        let isSet = ["formatter", "nixosConfigurations", "nixosModules", "overlays"].contains(path[0])
        guard isSystemSet && path.count <= 2 || isSet && path.count == 1 else { return true }
        do throws(EvalFailure) {
            let machine = evaluator.machine
            let set = try evaluator.force(value)
            guard machine.isAttributes(set) else { return true }
            for name in machine.attributeNames(set) {
                guard let member = machine.attribute(set, name) else { continue }
                if try hasContents(member, path + [String(decoding: name, as: UTF8.self)]) { return true }
            }
            return false
        } catch {
            if error.kind.endsEvaluation { throw error }
            return true
        }
    }

    private func showDerivation(
        _ value: ValueHandle, _ path: [String], _ line: Line
    ) throws(EvalFailure) -> JSONDocument {
        let name = try text(value, "name") ?? []
        let description = try attribute(value, "meta").flatMap { meta throws(EvalFailure) in
            try text(meta, "description")
        }
        let kind =
            switch path[0] {
            case "devShell", "devShells": "development environment"
            case "checks", "hydraJobs": "derivation"
            default: "package"
            }
        prints?("\(line.header): \(kind) '\(String(decoding: name, as: UTF8.self))'")
        return .members([
            "type": .string(Array("derivation".utf8)), "name": .string(name), "description": .string(description ?? []),
        ])
    }

    private func showApp(_ value: ValueHandle, _ line: Line) throws(EvalFailure) -> JSONDocument {
        guard try text(value, "type") == Array("app".utf8) else { throw .flake("not an app definition") }
        let description = try attribute(value, "meta").flatMap { meta throws(EvalFailure) in
            try text(meta, "description")
        }
        let shown = description.map { String(decoding: $0, as: UTF8.self) } ?? "no description"
        prints?("\(line.header): app: \(shown)")
        return .members(["type": .string(Array("app".utf8)), "description": description.map { .string($0) }])
    }

    private func isDerivation(_ value: ValueHandle) throws(EvalFailure) -> Bool {
        try text(value, "type") == Array("derivation".utf8)
    }

    /// An attribute of a value, forced; nil if there is none.
    private func attribute(_ value: ValueHandle, _ name: String) throws(EvalFailure) -> ValueHandle? {
        let set = try evaluator.force(value)
        guard evaluator.machine.isAttributes(set), let found = evaluator.machine.attribute(set, Array(name.utf8)) else {
            return nil
        }
        return try evaluator.force(found)
    }

    /// A string among the attributes of a value; nil if there is none.
    private func text(_ value: ValueHandle, _ name: String) throws(EvalFailure) -> [UInt8]? {
        guard let found = try attribute(value, name), evaluator.machine.isString(found) else { return nil }
        return evaluator.machine.bytes(found)
    }
}
