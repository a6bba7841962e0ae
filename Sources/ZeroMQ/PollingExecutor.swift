import Synchronization

/// A serial executor with one thread that also polls sockets. An actor that has it as its `unownedExecutor` owns
/// sockets without locks, and handles a message where it is read, without a task for each.
///
///     actor Service {
///         nonisolated let executor: PollingExecutor
///         nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
///         private var socket: Socket
///         func run() { executor.register(socket) { [weak self] in self?.assumeIsolated { $0.readable() } } }
///         isolated deinit { executor.unregisterAll() }
///     }
///
/// One turn of the loop waits, calls the handlers of the ready sockets, runs due timers, runs the actor's jobs, and
/// calls the end-of-turn action. `register` and the other methods that change handlers or timers may only be called on
/// the executor itself.
///
/// The thread ends when the executor is released. Handlers capture the actor weakly. A strong reference would keep both
/// alive for ever, and an unowned one would be invalid in a turn between the last release of the actor and its isolated
/// deinit.
public final class PollingExecutor: SerialExecutor {
    private let loop: PollingLoop

    /// - Parameter name: the thread's name, of which tools show 15 bytes.
    public init(name: String, stackBytes: Int = 8 << 20) throws(ZeroMQError) {
        loop = try PollingLoop()
        try loop.start(name: name, stackBytes: stackBytes, for: self)
    }

    deinit { loop.stop() }

    public func enqueue(_ job: consuming ExecutorJob) { loop.enqueue(UnownedJob(job)) }

    /// Runs `action` on the thread in its next turn. It may be called from any thread, and costs one thread switch
    /// where a task that calls a method of the actor costs two.
    public func post(_ action: @escaping @Sendable () -> Void) { loop.post(action) }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

    public func checkIsolated() {
        precondition(loop.isCurrentThread, "called outside the thread of the polling executor")
    }

    public func isIsolatingCurrentContext() -> Bool? { loop.isCurrentThread }

    /// Identifies a registered socket or monitor until it is unregistered.
    public struct Registration: Hashable, Sendable { let item: Poller.Item }

    /// Calls `onReadable` in each turn in which messages wait. The handler need not read them all, because it is called
    /// again.
    public func register(
        _ socket: borrowing Socket, onReadable: @escaping @Sendable () -> Void,
        onWritable: @escaping @Sendable () -> Void = {}
    ) -> Registration {
        checkIsolated()
        return unsafe loop.register(handle: socket.handle, onReadable: onReadable, onWritable: onWritable)
    }

    /// Does the same for a file descriptor, which stays open until it is unregistered.
    public func register(
        descriptor: Int32, onReadable: @escaping @Sendable () -> Void,
        onWritable: @escaping @Sendable () -> Void = {}
    ) -> Registration {
        checkIsolated()
        return loop.register(descriptor: descriptor, onReadable: onReadable, onWritable: onWritable)
    }

    /// Calls `onEvent` in each turn in which monitor events wait. Returns nil if the socket is not monitored.
    public func registerMonitor(of socket: borrowing Socket, onEvent: @escaping @Sendable () -> Void) -> Registration? {
        checkIsolated()
        guard let handle = unsafe socket.monitorHandle else { return nil }
        return unsafe loop.register(handle: handle, onReadable: onEvent, onWritable: {})
    }

    /// Sets whether `onWritable` is called when there is room to send. It is meant for a socket whose last send was
    /// `full`.
    public func setWriteInterest(_ registration: Registration, _ isInterested: Bool) {
        checkIsolated()
        loop.setWriteInterest(registration.item, isInterested)
    }

    /// Removes a registration. This must happen before the socket is closed.
    public func unregister(_ registration: Registration) {
        checkIsolated()
        loop.unregister(registration.item)
    }

    /// Removes all handlers, timers and the end-of-turn action. The isolated deinit of an actor calls it before the
    /// actor's sockets are closed.
    public func unregisterAll() {
        checkIsolated()
        loop.unregisterAll()
    }

    /// A scheduled action.
    public struct Timer: Hashable, Sendable { let number: UInt64 }

    /// Runs `action` once, at `deadline` in terms of `MonotonicClock` or soon after.
    @discardableResult
    public func schedule(at deadline: UInt64, _ action: @escaping @Sendable () -> Void) -> Timer {
        checkIsolated()
        return loop.schedule(at: deadline, action)
    }

    /// Cancels an action, unless it ran already.
    public func cancel(_ timer: Timer) {
        checkIsolated()
        loop.cancel(timer)
    }

    /// Sets the action that runs after every turn. It can commit and answer at once what all messages of the turn asked
    /// for.
    public func setEndOfTurn(_ action: @escaping @Sendable () -> Void) {
        checkIsolated()
        loop.setEndOfTurn(action)
    }
}
