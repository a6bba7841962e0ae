import NixFormats
import NixStore
import NixVM

/// The registries of this machine.
///
/// A flake on the command line is looked up in all of them, and the input of a flake only in those that do not depend on
/// the user: what `--inputs-from` says, and the global one.
package struct FlakeRegistries {
    /// What the command line says.
    package var flags = InputRegistry()
    package var user = InputRegistry()
    package var system = InputRegistry()
    /// The file of the setting `flake-registry`.
    package var global = InputRegistry()
    /// Downloads the registry of the setting `flake-registry`, where that is a URL. It is asked only for names that nothing
    /// else explains, so that most evaluations need no connection for it.
    package var remote: (() throws(EvalFailure) -> InputRegistry)?

    /// Which registries are used for a reference.
    enum Extent {
        case all
        /// Those that are the same for all users.
        case shared
        case none
    }

    package init() {}

    func resolve(_ reference: FlakeReference, _ extent: Extent) throws(EvalFailure) -> FlakeReference {
        let registries =
            switch extent {
            case .all: [flags, user, system, global]
            case .shared: [flags, global]
            case .none: [InputRegistry]()
            }
        if extent == .none, reference.input.scheme != .indirect { return reference }
        do throws(FetchError) {
            return try InputRegistry.resolve(reference, registries)
        } catch {
            if error.kind != .unknownName || extent == .none || remote == nil { throw EvalFailure(error) }
        }
        guard let remote else { return reference }
        let downloaded = try remote()
        do throws(FetchError) {
            return try InputRegistry.resolve(reference, registries + [downloaded])
        } catch {
            throw EvalFailure(error)
        }
    }

    /// Reads a registry file of version 2. One that does not exist is empty.
    ///
    /// - Returns: the registry, and a warning if the file cannot be used.
    package static func read(_ path: [UInt8], io: any EvalIO) -> (registry: InputRegistry, warning: [UInt8]?) {
        let shown = Array("'".utf8) + path + Array("'".utf8)
        func warning(_ reason: [UInt8]) -> (registry: InputRegistry, warning: [UInt8]?) {
            (InputRegistry(), Array("cannot read flake registry ".utf8) + shown + Array(": ".utf8) + reason)
        }
        do throws(EvalIOError) {
            let target = try io.resolveSymlinks(path, .full)
            guard try io.pathExists(target) else { return (InputRegistry(), nil) }
            guard let document = try? JSONDocument(try io.readFile(target, limit: JSONDocument.maximumLength)) else {
                return warning(Array("it is not JSON".utf8))
            }
            guard document["version"] == .integer(2) else { return warning(Array("its version is not 2".utf8)) }
            do throws(FetchError) {
                var registry = InputRegistry()
                for entry in document["flakes"]?.elements ?? [] {
                    let from = try FlakeReference(try FlakeReference.attributes(entry["from"]?.members ?? [:]))
                    let to = try FlakeReference(try FlakeReference.attributes(entry["to"]?.members ?? [:]))
                    registry.entries.append(
                        InputRegistry.Entry(from: from.input, to: to, isExact: entry["exact"] == .boolean(true)))
                }
                return (registry, nil)
            } catch {
                return warning(error.message)
            }
        } catch {
            return warning(error.message)
        }
    }
}

extension LockedFlake {
    /// The inputs of the flake as entries of a registry: their names stand for what they are locked to.
    package var registryEntries: [InputRegistry.Entry] {
        lock.nodes[0].sortedInputs.compactMap { name, edge in
            guard case .node(let index) = edge, let locked = lock.nodes[index].locked, !locked.isRelative,
                let from = try? FlakeReference(["type": .text(Array("indirect".utf8)), "id": .text(name)])
            else { return nil }
            return InputRegistry.Entry(from: from.input, to: locked)
        }
    }
}
