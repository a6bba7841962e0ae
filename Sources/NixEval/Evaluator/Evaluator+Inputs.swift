import NixStore
import NixVM

/// An input that was fetched.
package struct FetchedInput {
    /// The set that `fetchTree` gives.
    package let value: ValueHandle
    package let tree: FetchedTree
    /// The store path.
    package let path: [UInt8]
}

/// What the locking of flakes needs of an evaluation.
extension Evaluator {
    /// Fetches an input, whether or not it is locked. What is fetched counts against the limits of the evaluation.
    ///
    /// - Throws: why it cannot be fetched.
    package func fetch(_ input: FetchInput) throws(EvalFailure) -> FetchedInput {
        machine.startFetch(input)
        let value = try run()
        guard let (tree, path) = machine.fetched(input) else {
            throw EvalFailure(kind: .internalError, message: Array("a fetched input is not known".utf8))
        }
        return FetchedInput(value: value, tree: tree, path: path)
    }

    /// Whether fetchers may use the network.
    package var hasNetwork: Bool { options.settings.fetching.network != nil }

    /// Downloads a file of this machine's own, such as a registry, and returns its path.
    package func download(_ url: [UInt8]) throws(EvalFailure) -> [UInt8] {
        let stop = machine.stop
        let fetcher = Fetcher(
            LocalIO(), network: options.settings.fetching.network, isStopped: { stop.cause != nil }
        ) { _ in true }
        do throws(FetchError) {
            return try fetcher.file(of: url).path
        } catch {
            if let failure = stop.failure { throw failure }
            throw EvalFailure(kind: error.kind == .restricted ? .restricted : .io, message: error.message)
        }
    }

    /// Calls a function of the files that come with the evaluator.
    package func call(core path: [UInt8], _ arguments: [ValueHandle]) throws(EvalFailure) -> ValueHandle {
        try call(force(load(file: path)), arguments)
    }

    /// Reads a text file by the path that the evaluation knows it by.
    ///
    /// - Parameter limit: the most bytes.
    /// - Returns: nil if there is no such file.
    package func contents(ofFile path: [UInt8], limit: Int) throws(EvalFailure) -> [UInt8]? {
        do throws(EvalIOError) {
            guard try machine.io.pathExists(path) else { return nil }
            return try machine.io.readFile(path, limit: limit)
        } catch {
            throw EvalFailure(kind: error.kind == .outsideRoots ? .restricted : .io, message: error.message)
        }
    }
}
