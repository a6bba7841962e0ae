import NixStore
import NixVM

/// The store to which an evaluation writes.
extension Evaluator {
    /// Where the objects that the evaluation makes are written: sources, texts, fetched trees and derivations. Without
    /// it their store paths are computed and nothing is written. It is set before the first evaluation, and the caller
    /// ends it by `finishStore` or, after a failure, by its own `abandon`.
    public var storeWriter: (any StoreWriter)? {
        get { machine.storeWriter }
        set { machine.storeWriter = newValue }
    }

    /// Returns when every object that was made so far is in the store.
    public func flushStore() throws(EvalFailure) {
        try writing { (writer, isStopped) throws(StoreWriteError) in try writer.flush(isStopped: isStopped) }
    }

    /// Writes what is missing and ends the writing.
    public func finishStore() throws(EvalFailure) {
        try writing { (writer, isStopped) throws(StoreWriteError) in try writer.finish(isStopped: isStopped) }
    }

    /// Makes a symbolic link to a store path that keeps it from being collected as garbage.
    ///
    /// - Parameters:
    ///   - link: the canonical path of the link.
    ///   - path: the store path.
    public func addRoot(_ link: [UInt8], to path: [UInt8]) throws(EvalFailure) {
        try flushStore()
        try writing { (writer, isStopped) throws(StoreWriteError) in
            try writer.addRoot(link, to: path, isStopped: isStopped)
        }
    }

    private func writing(
        _ body: (any StoreWriter, @escaping () -> Bool) throws(StoreWriteError) -> Void
    ) throws(EvalFailure) {
        guard let writer = machine.storeWriter else { return }
        let stop = machine.stop
        do throws(StoreWriteError) {
            try body(writer) { stop.cause != nil }
        } catch {
            if error.isStopped, let failure = stop.failure { throw failure }
            throw EvalFailure(kind: .io, message: error.message)
        }
    }
}
