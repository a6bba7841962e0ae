import Platform
import Testing
import ZeroMQ

@Suite struct SocketTests {
    @Test func framesArriveAsSent() throws {
        let context = try Context()
        let router = try Socket(.router, context: context)
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        let dealer = try Socket(.dealer, context: context)
        try dealer.connect(endpoint)
        let frames: [[UInt8]] = [[], Array("body".utf8), [UInt8](repeating: 7, count: 100_000)]
        try send(frames, on: dealer)
        let message = try receive(from: router)
        #expect(Array(message.frames.dropFirst()) == frames)
        #expect(message.userID == nil)
        #expect(message.peerAddress == "127.0.0.1")
        try send([message.frames[0], [1]], on: router)
        let answer = try receive(from: dealer)
        #expect(answer.frames == [[1]])
        let rest = try dealer.receive()
        #expect(rest == nil)
    }

    @Test(arguments: ["foo", "nothing://x", "tcp://x"])
    func whatIsNoEndpointIsCalledThat(_ endpoint: String) throws {
        let socket = try Socket(.dealer, context: try Context())
        let error = #expect(throws: ZeroMQError.self) { try socket.connect(endpoint) }
        #expect(error?.description.hasPrefix("connect \(endpoint): this is no endpoint; one is tcp://") == true)
    }

    @Test(arguments: ["tcp://127.0.0.1:65536", "tcp://127.0.0.1:99999", "tcp://127.0.0.1:-1", "tcp://127.0.0.1:"])
    func aPortIsANumberOfSixteenBits(_ endpoint: String) throws {
        let socket = try Socket(.dealer, context: try Context())
        for attempt in [{ _ = try socket.bind(endpoint) }, { try socket.connect(endpoint) }] {
            let error = #expect(throws: ZeroMQError.self) { try attempt() }
            #expect(error?.reason.contains("1 to 65535") == true, "\(error?.description ?? "no error")")
        }
    }

    /// Otherwise libzmq would remove the file and create its own, and the first socket could never be reached again.
    @Test func aServedFileIsNotTakenFromUnderItsSocket() throws {
        let endpoint = "ipc:///tmp/firn-\(UInt64.random(in: .min ... .max))"
        let context = try Context()
        let first = try Socket(.router, context: context)
        try first.bind(endpoint)
        let second = try Socket(.router, context: context)
        let error = #expect(throws: ZeroMQError.self) { _ = try second.bind(endpoint) }
        #expect(error?.description == "bind \(endpoint): Address already in use")
    }

    @Test func mandatoryRouterReportsAnUnknownPeer() throws {
        let context = try Context()
        var options = SocketOptions()
        options.routerMandatory = true
        let router = try Socket(.router, context: context, options: options)
        try router.bind("inproc://mandatory")
        let outcome = try router.send([[1, 2, 3, 4, 5], [0]])
        #expect(outcome == .noRoute)
    }

    @Test func aFullQueueIsReportedAndDoesNotWait() throws {
        let context = try Context()
        var options = SocketOptions()
        options.sendHighWater = 2
        options.immediate = true
        let push = try Socket(.push, context: context, options: options)
        try push.connect("tcp://127.0.0.1:1")
        let outcome = try push.send([[0]])
        #expect(outcome == .full)
    }

    @Test func framesAboveTheBoundAreThrownAway() throws {
        let context = try Context()
        var options = SocketOptions()
        options.maxFrames = 3
        let pull = try Socket(.pull, context: context, options: options)
        try pull.bind("inproc://many")
        let push = try Socket(.push, context: context)
        try push.connect("inproc://many")
        try send([[1], [2], [3], [4], [5]], on: push)
        try send([[6]], on: push)
        let message = try receive(from: pull)
        #expect(message.frames == [[1], [2], [3]] && message.isTruncated)
        let answer = try receive(from: pull)
        #expect(answer.frames == [[6]])
    }

    @Test func aBadEndpointSaysWhich() throws {
        let socket = try Socket(.dealer, context: Context())
        do {
            try socket.connect("nonsense")
            Issue.record("it connected")
        } catch {
            #expect(error.operation == "connect nonsense")
        }
    }
}

/// Polls until a message arrives, and fails after five seconds.
func receive(from socket: borrowing Socket) throws -> Message {
    var poller = Poller()
    let item = poller.add(socket)
    _ = try poller.wait(for: .seconds(5))
    let isReadable = poller.isReadable(item)
    try #require(isReadable)
    let message = try socket.receive()
    return try #require(message)
}

/// Reads monitor events until one matches, and fails after five seconds.
func monitorEvent(
    of socket: borrowing Socket, _ isWanted: (MonitorEvent) -> Bool
) throws -> MonitorReport {
    var poller = Poller()
    let item = poller.addMonitor(of: socket)
    try #require(item != nil)
    let end = MonotonicClock.now() + 5_000_000_000
    while MonotonicClock.now() < end {
        _ = try poller.wait(for: .milliseconds(100))
        while let report = try socket.nextMonitorEvent() {
            if isWanted(report.event) { return report }
        }
    }
    throw ZeroMQError(operation: "wait for a monitor event", code: 0, reason: "none came in five seconds")
}

/// Sends a message, and fails the test if that would block.
func send(_ frames: [[UInt8]], on socket: borrowing Socket) throws {
    let outcome = try socket.send(frames)
    #expect(outcome == .sent)
}
