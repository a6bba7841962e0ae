import ArgumentParser
import FirnCommands
import FirnProtocol
import FoundationEssentials

/// The options that say what becomes of the store objects of submitted jobs.
struct ClosureArguments: ParsableArguments {
    /// Who gets the objects.
    enum Destination: String, ExpressibleByArgument, CaseIterable {
        case client, cache
    }

    @Option(
        help: ArgumentHelp(
            "Keep what the jobs add to the store: for `firn get --store` (client), or in the farm's binary cache (cache).",
            valueName: "client|cache"))
    var derivations: Destination?

    @Option(
        name: .customLong("local-root"),
        help: ArgumentHelp(
            "A directory here that has what the root of the workers has; sources are read from it and not sent. Repeatable.",
            valueName: "name=directory"))
    var localRoots: [RootArgument] = []

    @Option(help: "The limit on the bytes of store objects that a job may upload, such as 4G.")
    var maxClosure: ByteSize?

    mutating func validate() throws {
        guard derivations == .cache else { return }
        if !localRoots.isEmpty {
            throw ValidationError("--local-root is not for --derivations cache, which gets all sources")
        }
    }

    /// What jobs are asked for; nil if their store objects are not wanted.
    ///
    /// - Parameter isWritten: whether this command writes them to a store.
    func request(isWritten: Bool) -> WireClosureRequest? {
        guard isWritten || derivations != nil else { return nil }
        var request = Self.request(localRoots: localRoots)
        request.destination = derivations == .cache ? .cache : .client
        return request
    }

    /// A request for the objects of jobs that share them with each other alone.
    static func request(localRoots: [RootArgument]) -> WireClosureRequest {
        var generator = SystemRandomNumberGenerator()
        return .with {
            $0.run = Data((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
            $0.localRoots = localRoots.map(\.name)
        }
    }
}

/// Opens the store of a command that evaluates on a farm.
///
/// - Throws: `CommandFailure` for a store that cannot be used, with the exit code of a wrong command line.
func chosenStore(_ store: StoreArguments, followsEnvironment: Bool = false) throws -> StoreChoice {
    do throws(StoreChoice.Mistake) {
        return try store.choice(followsEnvironment: followsEnvironment)
    } catch {
        throw CommandFailure(error.message, exitCode: 2)
    }
}
