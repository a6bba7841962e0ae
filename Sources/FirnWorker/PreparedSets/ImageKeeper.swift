import Glibc
import Logging
import NixStore
import Platform
import Synchronization

/// Sees to it that a worker has the images of its prepared sets. It belongs to the supervisor, so that the processes of a
/// worker do not each make the same image.
///
/// An image is made by a process of its own and not by an idle worker process: it has memory and time limits of its own,
/// runs at the lowest priority, gives its memory back when it is done, and may be killed without a job being lost. Reading
/// roots and images takes seconds, so a thread does that, and the supervisor's thread only looks at what came of it.
final class ImageKeeper {
    /// What the images are made from and how.
    struct Configuration: Sendable {
        var sets: [PreparedSet]
        /// The directories of the roots, by name.
        var roots: [String: String]
        var settings: ImageSettings
        /// The program that makes an image, and its arguments without the program's name.
        var executable: String
        var arguments: @Sendable (_ set: PreparedSet, _ identity: [UInt8]) -> [String]
    }

    /// What the reading thread found.
    private enum Finding: Sendable {
        case root(String, RootSignature?, contentID: [UInt8]?)
        case image(Int, [UInt8], fault: String?)
    }

    private let configuration: Configuration
    private let directory: ImageDirectory
    private let log: Logger
    private var plan: ImagePlan
    private let found = FindingBox()
    private var isReading = false
    private var reading: [@Sendable () -> Finding] = []
    /// The signature of each root when it was read last.
    private var signatures: [String: RootSignature?] = [:]
    private var nextLook: UInt64 = 0
    private var builder: pid_t?
    /// Whether the roots are other ones than those that the worker's processes have read, and the images of the new ones
    /// are there or cannot be made.
    private(set) var needsNewProcesses = false
    private var hasNewRoots = false

    private final class FindingBox: Sendable {
        let findings = Mutex<[Finding]>([])
    }

    /// - Throws: `ImageDirectoryError` if the directory cannot be used.
    init(_ configuration: Configuration, logger: Logger) throws(ImageDirectoryError) {
        self.configuration = configuration
        directory = try ImageDirectory(creating: configuration.settings.directory)
        log = logger
        plan = ImagePlan(configuration.sets)
    }

    /// What the processes are told.
    var words: [PreparedSetWord] { plan.words }

    /// Called several times in a second.
    ///
    /// - Parameter wanted: the words with which processes say what they want.
    func tick(now: UInt64, wanted: [PreparedSetWord]) {
        takeFindings()
        reap(now: now)
        for slot in plan.slots {
            guard let identity = slot.identity else { continue }
            if wanted.contains(where: { $0.state(of: identity) == .wanted }) { plan.want(identity) }
        }
        if now >= nextLook {
            nextLook = now &+ Self.lookNanoseconds
            lookAtFiles()
        }
        while let step = plan.next(now: now) { take(step, now: now) }
        readNext()
        if hasNewRoots, plan.isSettled {
            hasNewRoots = false
            needsNewProcesses = true
        }
    }

    /// Takes the news that the processes are being replaced.
    func replacesProcesses() { needsNewProcesses = false }

    /// Ends the process that makes an image, which leaves nothing that counts as one.
    func stop() {
        guard let process = builder else { return }
        kill(process, SIGKILL)
        var status: Int32 = 0
        unsafe waitpid(process, &status, 0)
        builder = nil
    }

    private static let lookNanoseconds: UInt64 = 1_000_000_000

    /// Looks whether roots were replaced or images removed.
    private func lookAtFiles() {
        for root in plan.roots {
            guard let path = configuration.roots[root] else { continue }
            let signature = RootSignature(of: path)
            guard signatures[root] != .some(signature) else { continue }
            signatures[root] = .some(signature)
            reading.append { Self.read(root, at: path, signature) }
        }
        for slot in plan.slots where slot.state == .ready {
            if let identity = slot.identity, !directory.hasImage(identity) { plan.removed(identity) }
        }
    }

    private static func read(_ name: String, at path: String, _ signature: RootSignature?) -> Finding {
        guard let io = try? RootedIO(roots: [RootedIO.Root(name: name, directory: Array(path.utf8))]),
            let root = RootContent.announce([name], in: io, unreadable: { _ in }).first, !root.contentID.isEmpty
        else { return .root(name, signature, contentID: nil) }
        return .root(name, signature, contentID: [UInt8](root.contentID))
    }

    /// Starts the thread for what is to be read next, unless it reads something.
    private func readNext() {
        guard !isReading, !reading.isEmpty else { return }
        let work = reading.removeFirst()
        let thread = SystemThread(name: "firn-images", stackBytes: 4 << 20)
        do throws(ThreadError) {
            try thread.start { [found] in
                BackgroundPriority.take()
                let finding = work()
                found.findings.withLock { $0.append(finding) }
            }
            thread.detach()
            isReading = true
        } catch {
            reading.insert(work, at: 0)
        }
    }

    private func takeFindings() {
        let findings = found.findings.withLock { findings in
            defer { findings = [] }
            return findings
        }
        for finding in findings {
            isReading = false
            switch finding {
            case .root(let name, _, let id):
                if id == nil { log.error("a root cannot be read", metadata: ["root": "\(name)"]) }
                if plan.rootRead(name, contentID: id) { hasNewRoots = true }
            case .image(let index, let identity, let fault):
                if let fault {
                    log.warning("an image is refused and made again", metadata: ["reason": "\(fault)"])
                    directory.remove(identity)
                }
                plan.checked(index, identity: identity, isWhole: fault == nil && directory.hasImage(identity))
            }
        }
    }

    private func take(_ step: ImagePlan.Step, now: UInt64) {
        switch step {
        case .check(let index):
            guard let identity = plan.slots[index].identity else { return }
            let path = directory.image(identity)
            let exists = directory.hasImage(identity)
            reading.append { .image(index, identity, fault: exists ? PreparedImage.fault(in: path) : nil) }
        case .build(let index): build(index, now: now)
        }
    }

    private func build(_ index: Int, now: UInt64) {
        guard let identity = plan.slots[index].identity else { return plan.ended(.failed, now: now) }
        let set = plan.slots[index].set
        var process = pid_t()
        let code = ChildProcess.spawn(
            [configuration.executable] + configuration.arguments(set, identity),
            ChildProcess.environment(adding: []), descriptors: [], &process)
        guard code == 0 else {
            let reason = "its process cannot be started: \(unsafe String(cString: strerror(code)))"
            directory.record(failure: reason, identity)
            return plan.ended(.failed, now: now)
        }
        builder = process
        log.info("making the image of a prepared set", metadata: ["set": "\(set.name)", "process": "\(process)"])
    }

    private func reap(now: UInt64) {
        guard let process = builder, let index = plan.building else { return }
        var status: Int32 = 0
        guard unsafe waitpid(process, &status, WNOHANG) == process else { return }
        builder = nil
        let ending = Self.ending(status)
        let slot = plan.slots[index]
        switch ending {
        case .made:
            for removed in trim(keeping: slot.identity) { plan.removed(removed) }
            log.info("made the image of a prepared set", metadata: ["set": "\(slot.set.name)"])
        case .busy: break
        case .rootChanged: signatures[slot.set.root] = nil
        case .failed: recordFailure(of: slot, status)
        }
        plan.ended(ending, now: now)
    }

    private static func ending(_ status: Int32) -> ImagePlan.Ending {
        guard status & 0x7F == 0 else { return .failed }
        switch ImageBuild.Exit(rawValue: status >> 8 & 0xFF) {
        case .made: return .made
        case .busy: return .busy
        case .rootChanged: return .rootChanged
        case .failed, nil: return .failed
        }
    }

    /// A process that was killed has said nothing.
    private func recordFailure(of slot: ImagePlan.Slot, _ status: Int32) {
        guard let identity = slot.identity else { return }
        if status & 0x7F != 0 {
            directory.record(failure: "the process that made it ended with \(ChildProcess.reason(status))", identity)
        }
        log.error(
            "the image of a prepared set cannot be made",
            metadata: ["set": "\(slot.set.name)", "reason": "\(directory.failure(identity) ?? "unknown")"])
    }

    private func trim(keeping identity: [UInt8]?) -> [[UInt8]] {
        let removed = directory.trim(to: configuration.settings.maximumBytes, keeping: identity ?? [])
        return removed.compactMap { try? Base16.decode(Array($0.utf8)) }
    }
}
