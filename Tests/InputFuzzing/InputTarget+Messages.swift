import FirnProtocol

/// What comes over sockets, in each direction. An input is the header frame and then the body.
extension InputTarget {
    static let messages = [
        message("client-requests", ClientRequest.self),
        message("client-replies", ClientReply.self),
        message("worker-messages", WorkerMessage.self),
        message("worker-commands", WorkerCommand.self),
        message("trace-messages", TraceMessage.self),
        InputTarget("trace-segments", bytes: [[]]) { bytes in
            guard let reader = try? TraceSegmentReader(encoded: bytes) else { return }
            let count = reader.reduce(0) { sum, _ in sum + 1 }
            require(count == reader.count, "a segment has \(count) events and not \(reader.count)")
        },
        InputTarget("job-specifications", bytes: [WireJobSpecification().encoded()]) { bytes in
            guard let job = try? WireJobSpecification(encoded: bytes) else { return }
            try? job.validate()
        },
    ]

    private static let headerBytes = 16

    private static func message<Content: WireMessage>(_ name: String, _ direction: Content.Type) -> InputTarget {
        let seeds = MessageKind.allCases.compactMap { kind -> [UInt8]? in
            guard let content = try? Content.decode(kind, []) else { return nil }
            return Envelope(content, correlation: 1).frames().flatMap { $0 }
        }
        return InputTarget(name, bytes: seeds) { bytes in
            let frames = [Array(bytes.prefix(headerBytes)), Array(bytes.dropFirst(headerBytes))]
            guard let envelope = try? Envelope<Content>(frames: frames) else { return }
            let sent = envelope.frames()
            guard let again = try? Envelope<Content>(frames: sent) else {
                return require(false, "a message cannot be read again")
            }
            require(
                again.content.kind == envelope.content.kind && again.correlation == envelope.correlation,
                "a message changes when it is read again")
        }
    }
}
