import FirnCommands
import FoundationEssentials
import NixStore

/// Asks the Nix daemon whether the outputs of derivations are there, can be substituted, or must be built
/// (`--check-cache-status`).
///
/// As in nix-eval-jobs, the question is about the outputs and the inputs of a derivation, so that `neededBuilds` has what
/// must be built before it. A derivation that the daemon's store does not have says nothing about that, so that the
/// answer depends on the outputs alone where no store is written.
final class CacheStatus {
    private let queries: DaemonQueries

    /// - Throws: `CommandFailure` if there is no daemon.
    init() throws {
        do throws(StoreWriteError) {
            queries = try DaemonQueries(socket: StoreChoice.daemonSocket()) { Output.message($0) }
        } catch {
            throw CommandFailure("--check-cache-status asks the Nix daemon: \(error)")
        }
    }

    private struct Fields: Decodable {
        var outputs: [String: String?]
        var inputDrvs: [String: [String]]?
    }

    /// Adds `cacheStatus`, `isCached`, `neededBuilds` and `neededSubstitutes` to a derivation's object.
    ///
    /// - Throws: `CommandFailure` if the daemon does not answer.
    func add(to line: inout JSONValue) throws {
        let fields = try JSONDecoder().decode(Fields.self, from: Data(line.text.utf8))
        let outputs = fields.outputs.values.compactMap { $0 }.sorted().map { Array($0.utf8) }
        let inputs = (fields.inputDrvs ?? [:]).sorted { $0.key < $1.key }.map { path, names in
            Array("\(path)!\(names.joined(separator: ","))".utf8)
        }
        do throws(StoreWriteError) {
            let missing = try queries.missing(outputs + inputs)
            let status = Self.status(missing)
            line["cacheStatus"] = .string(status.rawValue)
            line["isCached"] = .bool(status != .notBuilt)
            line["neededBuilds"] = .array(try queries.ordered(missing.builds).map { .bytes($0) })
            line["neededSubstitutes"] = .array(Self.byName(missing.substitutes).map { .bytes($0) })
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    enum Status: String { case local, cached, notBuilt }

    static func status(_ missing: DaemonQueries.Missing) -> Status {
        let unknown = missing.unknown.filter { !StorePath.isDerivation($0) }
        guard missing.builds.isEmpty, unknown.isEmpty else { return .notBuilt }
        return missing.substitutes.isEmpty ? .local : .cached
    }

    /// Sorts store paths by their names, and equal names by the whole paths.
    static func byName(_ paths: [[UInt8]]) -> [[UInt8]] {
        paths.sorted { left, right in
            let (a, b) = (StorePath.name(left), StorePath.name(right))
            return a == b ? left.lexicographicallyPrecedes(right) : a.lexicographicallyPrecedes(b)
        }
    }
}
