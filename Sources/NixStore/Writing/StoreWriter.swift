import MessageText

/// A store object that an evaluation made and that is to be written.
public struct StoreAddition: Sendable {
    /// The store path.
    public let path: [UInt8]
    /// From what the path follows.
    public let address: ContentAddress
    /// The contents and the store paths that they refer to.
    public let object: StoreObject

    public init(path: [UInt8], address: ContentAddress, _ object: StoreObject) {
        self.path = path
        self.address = address
        self.object = object
    }

    /// Whether the object is a derivation, and not a source.
    public var isDerivation: Bool { StorePath.isDerivation(path) }
}

/// Where an evaluation writes the store objects that it makes. One thread may use it at a time.
///
/// The evaluator adds every object once, when it is made, and so after all objects that it refers to: a derivation is
/// made after its inputs. No list of objects needs to be kept or sorted for that, and a tree is read again while its
/// files are still warm. A writer may hold back small objects to send many of them at once; then `flush` sends them, in
/// the order in which they were added.
public protocol StoreWriter: AnyObject {
    /// The bytes that the writer holds in memory. They are bounded, whatever is added.
    var byteCount: Int { get }

    /// Adds an object, unless the store has it. Its references were added before or are in the store.
    ///
    /// - Parameters:
    ///   - addition: the object.
    ///   - isStopped: polled at least every 64 KiB and while the writer waits; true ends the work.
    /// - Throws: why the object is not added.
    func add(_ addition: StoreAddition, isStopped: @escaping () -> Bool) throws(StoreWriteError)

    /// Those of the paths that the store has, so that their objects need not be produced. A store may hold them for the
    /// rest of the command. What was added and not flushed may be missing.
    func present(_ paths: [[UInt8]], isStopped: @escaping () -> Bool) throws(StoreWriteError) -> Set<[UInt8]>

    /// Returns when everything that was added is in the store.
    func flush(isStopped: @escaping () -> Bool) throws(StoreWriteError)

    /// Flushes and ends the writing. Nothing may be added afterwards.
    func finish(isStopped: @escaping () -> Bool) throws(StoreWriteError)

    /// Ends the writing after a failure. Whatever is not complete is removed.
    func abandon()

    /// Makes a symbolic link to a store path, which keeps the object from being collected as garbage.
    ///
    /// - Parameters:
    ///   - link: the absolute path of the link. A link that leads to the store is replaced.
    ///   - path: the store path, which was added and flushed.
    ///   - isStopped: as for `add`.
    func addRoot(_ link: [UInt8], to path: [UInt8], isStopped: @escaping () -> Bool) throws(StoreWriteError)
}

extension StoreWriter {
    /// A stream has nothing before it is written.
    public func present(_ paths: [[UInt8]], isStopped: @escaping () -> Bool) throws(StoreWriteError) -> Set<[UInt8]> {
        []
    }
}

/// Why a store was not written.
public struct StoreWriteError: Error, Sendable, Equatable {
    /// The message without `error: `: what failed, where, and what to do. It is bytes, because paths need not be UTF-8.
    public let message: [UInt8]
    /// Whether the work was ended by `isStopped`.
    public let isStopped: Bool
    /// Whether the store itself gave the reason.
    let isRefusal: Bool

    init(_ message: [UInt8], isRefusal: Bool = false) {
        self.message = message
        self.isRefusal = isRefusal
        isStopped = false
    }

    package init(_ message: String) { self.init(Array(message.utf8)) }

    /// Creates an error whose message quotes a path.
    package init(_ before: String, _ path: [UInt8], _ after: String) {
        self.init(Array("\(before)'".utf8) + MessageText.excerpt(path) + Array("'\(after)".utf8))
    }

    private init() {
        message = Array("stopped".utf8)
        isRefusal = false
        isStopped = true
    }

    /// The work was ended by `isStopped`.
    package static let stopped = StoreWriteError()

    /// The error for an object that could not be read while it was added.
    init(_ error: ArchiveError, adding path: [UInt8]) {
        switch error {
        case .stopped: self = .stopped
        case .io(let error):
            self.init(Array("cannot add '".utf8) + path + Array("' to the store: ".utf8) + error.message)
        case .unsupportedType(let file):
            self.init(
                Array("cannot add '".utf8) + path + Array("' to the store: file '".utf8) + MessageText.excerpt(file)
                    + Array("' has an unsupported type".utf8))
        }
    }

    /// The error for an object whose contents were others when it was added than when its path was computed.
    static func changed(_ path: [UInt8]) -> StoreWriteError {
        StoreWriteError(
            "cannot add ", path,
            " to the store: its files changed during the evaluation; evaluate again when nothing writes to them")
    }
}

extension StoreWriteError: CustomStringConvertible {
    public var description: String { String(decoding: message, as: UTF8.self) }
}
