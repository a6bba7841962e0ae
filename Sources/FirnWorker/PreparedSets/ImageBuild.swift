import NixEval
import NixStore
import NixVM

/// The work of the process that makes the image of one prepared set.
public struct ImageBuild: Sendable {
    /// How the process ends, which its supervisor reads.
    public enum Exit: Int32, Sendable {
        case made = 0
        /// The reason is in the directory of the images.
        case failed = 1
        /// Another process is making the image.
        case busy = 75
        /// The root has other contents than the supervisor read.
        case rootChanged = 76
    }

    let set: PreparedSet
    let root: String
    let identity: [UInt8]
    let settings: ImageSettings

    /// - Parameters:
    ///   - name: the set.
    ///   - identity: the identity of the image in hexadecimal, as the supervisor computed it.
    ///   - configuration: the configuration of the worker.
    /// - Returns: nil if the configuration has no such set that is made here.
    public init?(of name: String, identity: String, _ configuration: WorkerConfiguration) {
        guard let set = configuration.preparedSets.first(where: { $0.name == name }), set.origin == .root,
            let root = configuration.roots[set.root], let settings = configuration.images,
            let bytes = try? Base16.decode(Array(identity.utf8)), bytes.count == 32
        else { return nil }
        self.set = set
        self.root = root
        self.settings = settings
        self.identity = bytes
    }

    /// Makes the image, unless it is there or another process makes it. It runs at the lowest priority.
    public func run() -> Exit {
        BackgroundPriority.take()
        let directory: ImageDirectory
        do throws(ImageDirectoryError) {
            directory = try ImageDirectory(creating: settings.directory)
            guard let lock = try directory.lock(identity) else { return .busy }
            let exit = make(in: directory)
            // The lock is held until the image has its name.
            _ = consume lock
            return exit
        } catch {
            return .failed
        }
    }

    /// The reason in one line, since lists and logs show it.
    private static func reason(_ error: any Error) -> String {
        guard let error = error as? ImageBuildError, case .evaluation(let failure) = error else { return "\(error)" }
        return failure.message + (failure.location.map { ", at \($0)" } ?? "")
    }

    private func make(in directory: ImageDirectory) -> Exit {
        if directory.hasImage(identity) { return .made }
        do {
            let io = try RootedIO(roots: [RootedIO.Root(name: set.root, directory: Array(root.utf8))])
            let announced = RootContent.announce([set.root], in: io, unreadable: { _ in }).first
            guard let id = announced?.contentID, !id.isEmpty, set.identity(contentID: [UInt8](id)) == identity else {
                return .rootChanged
            }
            var limits = EvaluationLimits()
            limits.memoryBytes = settings.memoryBytes
            limits.timeout = settings.timeout
            _ = try HeapImage.build(
                set.specification, identity: identity, io: io, limits: limits,
                to: try directory.beginPartial(identity))
            try directory.publish(identity)
        } catch {
            directory.removePartial(identity)
            directory.record(failure: Self.reason(error), identity)
            return .failed
        }
        guard directory.byteCount(identity) <= settings.maximumBytes else {
            let bytes = directory.byteCount(identity)
            directory.remove(identity)
            directory.record(
                failure: "it has \(bytes) bytes, more than images.maximumBytes (\(settings.maximumBytes))", identity)
            return .failed
        }
        return .made
    }
}
