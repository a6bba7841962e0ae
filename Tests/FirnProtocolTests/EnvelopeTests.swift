import FirnProtocol
import TestSupport
import Testing

@Suite struct EnvelopeTests {
    private let ping = Envelope<ClientRequest>(.ping(WirePing()), correlation: 0x0102_0304_0506_0708)

    @Test func theHeaderIsAsWrittenDown() {
        #expect(
            ping.frames() == [[0x46, 0x49, 0x52, 0x4E, 1, 0x02, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1], []])
    }

    @Test func whatIsEncodedIsDecoded() throws {
        let submit = WireSubmit.with {
            $0.jobs = [.init([1, 2, 3])]
            $0.watch = true
        }
        let read = try Envelope<ClientRequest>(frames: Envelope(ClientRequest.submit(submit), correlation: 9).frames())
        #expect(read.correlation == 9)
        guard case .submit(let content) = read.content else {
            Issue.record("\(read.content)")
            return
        }
        #expect(content == submit)
    }

    @Test func anotherVersionIsNamedAndItsCorrelationKept() {
        var frames = ping.frames()
        frames[0][4] = 2
        let error = #expect(throws: ProtocolError.self) { try Envelope<ClientRequest>(frames: frames) }
        #expect(error?.code == .unsupportedVersion && error?.correlation == ping.correlation)
        #expect(error?.wire.supportedVersions == [1])
    }

    @Test(
        arguments: [
            ([], WireErrorCode.malformedFrames), ([[]], .malformedFrames),
            ([Array("HTTP/1.1 200 OK\r\n".utf8.prefix(16)), []], .malformedFrames),
            ([[0x46, 0x49, 0x52, 0x4E, 1, 0x99, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], []], .unknownKind),
            ([[0x46, 0x49, 0x52, 0x4E, 1, 0x46, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], []], .unknownKind),
            ([[0x46, 0x49, 0x52, 0x4E, 1, 0x12, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0], []], .malformedFrames),
            ([[0x46, 0x49, 0x52, 0x4E, 1, 0x12, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], []] + [[1]], .malformedFrames),
            ([[0x46, 0x49, 0x52, 0x4E, 1, 0x12, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], [0x0A, 0xFF]], .malformedBody),
        ] as [([[UInt8]], WireErrorCode)])
    func whatIsMalformedIsNamed(frames: [[UInt8]], code: WireErrorCode) {
        let error = #expect(throws: ProtocolError.self) { try Envelope<ClientRequest>(frames: frames) }
        #expect(error?.code == code)
    }

    /// Random bodies, and valid messages with bytes changed, removed and added, in every direction, give a message or
    /// an error.
    @Test func anyBytesAreAMessageOrAnError() {
        var generator = SeededGenerator(seed: 1)
        var read = 0
        var refused = 0
        for _ in 0..<40_000 {
            let kind = MessageKind.allCases.randomElement(using: &generator)?.rawValue ?? 0
            let body = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            var frames: [[UInt8]] = [[0x46, 0x49, 0x52, 0x4E, 1, kind, 0, 0] + [UInt8](repeating: 0, count: 8), body]
            if Int.random(in: 0..<10, using: &generator) == 0 {
                frames[0][Int.random(in: 0..<16, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            for isRead in [
                reads(ClientRequest.self, frames), reads(ClientReply.self, frames), reads(WorkerMessage.self, frames),
                reads(WorkerCommand.self, frames), reads(TraceMessage.self, frames),
            ] {
                if isRead { read += 1 } else { refused += 1 }
            }
        }
        #expect(read > 1_000 && refused > 1_000)
    }

    private func reads<Content: WireMessage>(_ type: Content.Type, _ frames: [[UInt8]]) -> Bool {
        do throws(ProtocolError) {
            _ = try Envelope<Content>(frames: frames)
            return true
        } catch {
            return false
        }
    }
}
