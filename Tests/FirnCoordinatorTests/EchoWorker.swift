import FirnProtocol
import Foundation
import ZeroMQ

@testable import FirnCoordinator

/// A worker that answers every job with its own source text, and `large` with a value that needs segments.
actor EchoWorker {
    nonisolated let executor: PollingExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
    private let socket: Socket
    private let traces: Socket
    private let name: String

    init(name: String, endpoints: CoordinatorConfiguration.Endpoints, security: SocketOptions.Security) throws {
        self.name = name
        executor = try PollingExecutor(name: "worker")
        let context = try Context()
        var options = SocketOptions()
        options.security = security
        socket = try Socket(.dealer, context: context, options: options)
        traces = try Socket(.push, context: context, options: options)
        try socket.connect(endpoints.workers)
        try traces.connect(endpoints.traces)
    }

    func start() {
        _ = executor.register(socket) { [weak self] in self?.assumeIsolated { $0.readable() } }
        send(
            .hello(
                .with {
                    $0.name = name
                    $0.instance = Data([1])
                }), correlation: 1)
    }

    private func send(_ message: WorkerMessage, correlation: UInt64 = 0) {
        _ = try? socket.send(Envelope(message, correlation: correlation).frames())
    }

    private func readable() {
        while let message = try? socket.receive() {
            guard let envelope = try? Envelope<WorkerCommand>(frames: message.frames) else { continue }
            switch envelope.content {
            case .welcome: send(.credit(.with { $0.jobs = 8 }))
            case .dispatch(let dispatch):
                for assignment in dispatch.assignments { evaluate(assignment) }
            default: break
            }
        }
    }

    private func evaluate(_ assignment: WireAssignment) {
        guard let job = try? WireJobSpecification(serializedBytes: assignment.specification) else { return }
        var result = WireAttemptResult.with {
            $0.job = assignment.job
            $0.attempt = assignment.attempt
            $0.result.outcome = .ok
            $0.result.value = job.source.text
            $0.result.valueBytes = UInt64(job.source.text.count)
            $0.result.statistics.fuel = 10
        }
        if job.traceLevel != .none {
            result.result.trace.level = job.traceLevel
            result.result.trace.segments = 1
            let segment = WireTraceSegment.with {
                $0.job = assignment.job
                $0.attempt = assignment.attempt
                $0.events = Data([0x12, 0x00])
                $0.last = true
            }
            _ = try? traces.send(Envelope(TraceMessage.segment(segment)).frames())
        }
        if job.source.text == Data("large".utf8) { result.result = sendLarge(assignment) }
        send(.results(.with { $0.results = [result] }))
        send(.credit(.with { $0.jobs = 1 }))
    }

    private func sendLarge(_ assignment: WireAssignment) -> WireJobResult {
        for number in UInt32(0)..<3 {
            send(
                .resultSegment(
                    .with {
                        $0.job = assignment.job
                        $0.attempt = assignment.attempt
                        $0.number = number
                        $0.bytes = Data(repeating: 65 + UInt8(number), count: 1 << 20)
                    }))
        }
        return .with {
            $0.outcome = .ok
            $0.valueSegments = 3
            $0.valueBytes = 3 << 20
        }
    }

    isolated deinit { executor.unregisterAll() }
}
