import CZeroMQ
import Platform
import Synchronization

/// The ZAP handler: a thread that answers libzmq's authentication requests. It fails closed: a request that it cannot
/// read is refused.
final class Authenticator: Sendable {
    private static let endpoint = "inproc://zeromq.zap.01"
    private let thread: SystemThread
    private let wakeup: Wakeup
    private let isStopping = Atomic<Bool>(false)

    /// Binds before it returns, so that no connection is accepted without a request.
    init(
        contextHandle: UInt, authorize: @escaping @Sendable (AuthenticationRequest) -> AuthenticationDecision
    ) throws(ZeroMQError) {
        wakeup = try Wakeup()
        guard let socket = unsafe zmq_socket(UnsafeMutableRawPointer(bitPattern: contextHandle), ZMQ_REP) else {
            throw .last("new authenticator socket")
        }
        guard unsafe zmq_bind(socket, Self.endpoint) == 0 else {
            let error = ZeroMQError.last("bind \(Self.endpoint)")
            unsafe zmq_close(socket)
            throw error
        }
        thread = SystemThread(name: "zap", stackBytes: 512 << 10)
        let address = UInt(bitPattern: socket)
        do throws(ThreadError) {
            try thread.start { [self] in serve(address, authorize) }
        } catch {
            unsafe zmq_close(socket)
            throw ZeroMQError(error)
        }
    }

    /// Closes the socket and waits for the thread. Later connections would be accepted without a request, so this is
    /// called only when the context has no sockets left.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        wakeup.signal()
        thread.join()
    }

    private func serve(
        _ address: UInt, _ authorize: (AuthenticationRequest) -> AuthenticationDecision
    ) {
        guard let socket = unsafe UnsafeMutableRawPointer(bitPattern: address) else { return }
        defer { unsafe zmq_close(socket) }
        var poller = Poller()
        let socketItem = unsafe poller.add(handle: socket)
        poller.add(descriptor: wakeup.descriptor)
        while !isStopping.load(ordering: .acquiring) {
            guard (try? poller.wait(for: nil)) != nil else { return }
            wakeup.clear()
            guard poller.isReadable(socketItem) else { continue }
            while let request = try? unsafe Socket.receive(from: socket, maxFrames: 16) {
                unsafe Self.reply(ZAP.answer(to: request.frames, authorize), to: socket)
            }
        }
    }

    private static func reply(_ frames: [[UInt8]], to socket: UnsafeMutableRawPointer) {
        for (index, frame) in frames.enumerated() {
            let flags = index < frames.count - 1 ? ZMQ_SNDMORE | ZMQ_DONTWAIT : ZMQ_DONTWAIT
            let code = unsafe frame.withUnsafeBytes { bytes in
                unsafe zmq_send(socket, bytes.baseAddress, bytes.count, flags)
            }
            // The connection that asked has ended.
            if code < 0 { return }
        }
    }
}
