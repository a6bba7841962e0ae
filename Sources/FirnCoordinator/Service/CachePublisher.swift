import FirnProtocol
import Foundation
import JobStore
import NixStore

/// Adds the store objects of jobs to the operator's binary cache. Each object is verified against its path first,
/// whatever the worker that sent it said. It waits for the disk, so it is not called on the service's thread.
struct CachePublisher: Sendable {
    private let store: JobStore
    private let directory: [UInt8]
    private let key: SigningKey?
    private let isCompressed: Bool

    /// Opens the cache and reads the key.
    ///
    /// - Throws: `CoordinatorError` with what is wrong with either.
    init(_ settings: ClosureCacheSettings, store: JobStore) throws {
        self.store = store
        directory = Array(settings.directory.utf8)
        isCompressed = settings.compression == .xz
        do throws(StoreWriteError) {
            key = try settings.secretKeyFile.map { (file) throws(StoreWriteError) in
                try SigningKey(file: Array(file.utf8))
            }
            _ = try BinaryCache(directory, key: key, isCompressed: isCompressed)
        } catch {
            throw CoordinatorError.configuration("closureCache: \(error)")
        }
    }

    /// Adds what an attempt of a job made, in the order in which it was made.
    ///
    /// - Returns: nil if all of it is in the cache now; otherwise the reason.
    func publish(_ job: JobID, attempt: UInt32) -> String? {
        do {
            let cache = try BinaryCache(directory, key: key, isCompressed: isCompressed)
            for number in try store.closureParts(of: job, attempt: Int64(attempt)) ?? [] {
                guard let part = try store.closurePart(number, of: job, attempt: Int64(attempt)) else {
                    return "what was uploaded is not kept any more"
                }
                try add(try WireObjectOffer(encoded: part).objects, of: job, to: cache)
            }
            try cache.finish(isStopped: { false })
            return nil
        } catch {
            return "\(error)"
        }
    }

    private func add(_ objects: [WireStoreObject], of job: JobID, to cache: BinaryCache) throws {
        let expected = try objects.map { try ExpectedObject($0) }
        let present = try cache.present(expected.map(\.path), isStopped: { false })
        for (object, wire) in zip(expected, objects) where !present.contains(object.path) {
            var receiver = ObjectReceiver(object, directory: Array("\(store.directory)/objects".utf8))
            var isWhole = false
            while !isWhole {
                let read = try store.object(
                    wire.name, of: job, from: Int64(receiver.count), count: CoordinatorRead.partBytes)
                guard let (part, length) = read else {
                    throw StoreWriteError("an object is not kept any more: ", object.path, "")
                }
                try unsafe part.withUnsafeBytes { try unsafe receiver.append($0) }
                isWhole = Int64(receiver.count) >= length
            }
            try cache.add(try receiver.finish(), isStopped: { false })
        }
    }
}

extension ExpectedObject {
    /// - Throws: `StoreWriteError` for an object that cannot be one.
    package init(_ wire: WireStoreObject) throws {
        let method: ContentAddressMethod
        switch wire.method {
        case .text: method = .text
        case .nar: method = .nar
        case .flat: method = .flat
        case .UNRECOGNIZED(let number): throw ProtocolError(.malformedBody, "the method \(number) is not known")
        }
        try self.init(
            name: [UInt8](wire.name), method: method, algorithm: wire.algorithm, hash: [UInt8](wire.hash),
            references: wire.references.map { [UInt8]($0) })
    }
}
