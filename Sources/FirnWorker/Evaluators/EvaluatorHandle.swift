import FirnProtocol
import Glibc
import Platform
import ZeroMQ

/// A process that evaluates, as the connection's process sees it. It belongs to the polling thread, which never waits
/// for it.
final class EvaluatorHandle {
    enum State {
        /// It enters its sandbox.
        case starting
        case idle
        case evaluating
        /// It has gone, or must be taken for hostile.
        case ended
    }

    let process: pid_t
    /// The processor time that it has used.
    let clock: ThreadClock
    var state = State.starting
    /// Whose jobs it evaluates; nil if it has not had any.
    var tenant: String?
    /// When it was used last.
    var usedAt: UInt64 = 0
    /// Whether it has compiled something that is not saved.
    var hasNewPrograms = false
    /// The most bytes of a frame that it may send now.
    var frameLimit = EvaluatorHandle.smallFrameBytes
    private let jobs: LinkEnd
    private let control: LinkEnd

    /// Bytes of a frame that is not a result.
    static let smallFrameBytes = ProtocolLimits.frameBytes

    /// Starts a process.
    ///
    /// - Returns: nil if the system has no room for it, with the reason in `errno`.
    init?(_ launch: EvaluatorLaunch, environment: [String]) {
        guard let jobs = SocketPair(), let control = SocketPair() else { return nil }
        var process = pid_t()
        let code = ChildProcess.spawn(
            [launch.executable] + launch.arguments, environment,
            descriptors: [jobs.theirs, control.theirs], &process)
        guard code == 0 else {
            errno = code
            return nil
        }
        self.process = process
        clock = ThreadClock(process: process)
        self.jobs = LinkEnd(descriptor: jobs.takeOwn())
        self.control = LinkEnd(descriptor: control.takeOwn())
    }

    /// Has the executor call `onReadable` when it has sent something.
    func register(on executor: PollingExecutor, onReadable: @escaping @Sendable () -> Void) {
        jobs.register(on: executor, onReadable: onReadable)
        control.register(on: executor, onReadable: {})
    }

    func send(_ kind: EvaluatorFrame.Kind, _ body: [UInt8] = []) { jobs.send(kind, body) }
    func sendControl(_ kind: EvaluatorFrame.Kind, _ body: [UInt8]) { control.send(kind, body) }

    /// What it has sent.
    func receive() -> LinkEnd.Received { jobs.receive(limit: frameLimit) }

    /// Ends the process, which is not there any more when this returns.
    func end() {
        state = .ended
        kill(process, SIGKILL)
        close()
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
    }

    /// How the process ended, as `waitpid` says it; nil if it has not.
    func endStatus() -> Int32? {
        var status: Int32 = 0
        return unsafe waitpid(process, &status, WNOHANG) == process ? status : nil
    }

    func close() {
        jobs.close()
        control.close()
    }
}

/// Two connected sockets, of which one is for another process.
private final class SocketPair {
    private(set) var theirs: Int32 = -1
    private var own: Int32 = -1

    init?() {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return nil }
        (own, theirs) = (ends[0], ends[1])
    }

    /// The end of this process, which the caller closes.
    func takeOwn() -> Int32 {
        defer { own = -1 }
        return own
    }

    deinit {
        Glibc.close(theirs)
        if own >= 0 { Glibc.close(own) }
    }
}
