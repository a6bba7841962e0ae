import CZeroMQ
import Glibc
import Synchronization

/// A serial executor that is one thread, which also polls sockets. An actor that has it as `unownedExecutor` owns
/// sockets without locks, and what a message changes is applied where the message is read: no task for each.
///
///     actor Service {
///         nonisolated let executor: PollingExecutor
///         nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
///         private var socket: Socket
///         func run() { executor.register(socket) { [weak self] in self?.assumeIsolated { $0.readable() } } }
///         isolated deinit { executor.unregisterAll() }
///     }
///
/// One turn of the loop: wait; call the handlers of the ready sockets; run due timers; run the actor's jobs; call the
/// end-of-turn action. `register` and its relatives are only called on the executor itself.
///
/// The thread ends when the executor is let go. Handlers capture the actor weakly: strongly they would keep both for ever,
/// and between the last release of an actor and its isolated deinit a turn may still come, so unowned would be too late.
public final class PollingExecutor: SerialExecutor {
    private let loop: PollingLoop

    /// - Parameter name: of the thread, 15 bytes of it, as tools show it.
    public init(name: String, stackBytes: Int = 8 << 20) throws(ZeroMQError) {
        loop = try PollingLoop()
        try loop.start(name: name, stackBytes: stackBytes, for: self)
    }

    deinit { loop.stop() }

    public func enqueue(_ job: consuming ExecutorJob) { loop.enqueue(UnownedJob(job)) }

    /// Runs `action` on the thread in its next turn. From any thread, and with one switch of threads where a task that
    /// calls an actor's method takes two.
    public func post(_ action: @escaping @Sendable () -> Void) { loop.post(action) }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

    public func checkIsolated() {
        precondition(loop.isCurrentThread, "called outside the thread of the polling executor")
    }

    public func isIsolatingCurrentContext() -> Bool? { loop.isCurrentThread }

    /// Nanoseconds of the monotonic clock: the time that timers are given in.
    public static func now() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// Names a registered socket or monitor until it is unregistered.
    public struct Registration: Hashable, Sendable { let item: Poller.Item }

    /// Calls `onReadable` in each turn in which messages wait. It need not read all; it is called again.
    public func register(
        _ socket: borrowing Socket, onReadable: @escaping @Sendable () -> Void,
        onWritable: @escaping @Sendable () -> Void = {}
    ) -> Registration {
        checkIsolated()
        return unsafe loop.register(handle: socket.handle, onReadable: onReadable, onWritable: onWritable)
    }

    /// Calls `onEvent` in each turn in which monitor events wait. Nil when the socket is not monitored.
    public func registerMonitor(of socket: borrowing Socket, onEvent: @escaping @Sendable () -> Void) -> Registration? {
        checkIsolated()
        guard let handle = unsafe socket.monitorHandle else { return nil }
        return unsafe loop.register(handle: handle, onReadable: onEvent, onWritable: {})
    }

    /// Call `onWritable` when there is room to send; for a socket whose last send was `full`.
    public func setWriteInterest(_ registration: Registration, _ isInterested: Bool) {
        checkIsolated()
        loop.setWriteInterest(registration.item, isInterested)
    }

    /// Before the socket is closed.
    public func unregister(_ registration: Registration) {
        checkIsolated()
        loop.unregister(registration.item)
    }

    /// Forgets all handlers, timers and the end-of-turn action: for the isolated deinit of an actor that owns sockets, which
    /// are closed right after.
    public func unregisterAll() {
        checkIsolated()
        loop.unregisterAll()
    }

    /// An action that is scheduled.
    public struct Timer: Hashable, Sendable { let number: UInt64 }

    /// Runs `action` once, at `deadline` of `now()` or soon after.
    @discardableResult
    public func schedule(at deadline: UInt64, _ action: @escaping @Sendable () -> Void) -> Timer {
        checkIsolated()
        return loop.schedule(at: deadline, action)
    }

    /// Drops an action, unless it ran already.
    public func cancel(_ timer: Timer) {
        checkIsolated()
        loop.cancel(timer)
    }

    /// Runs after every turn: the place to commit and answer what the turn's messages asked for, all at once.
    public func setEndOfTurn(_ action: @escaping @Sendable () -> Void) {
        checkIsolated()
        loop.setEndOfTurn(action)
    }
}
