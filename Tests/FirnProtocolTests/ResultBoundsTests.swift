import Foundation
import Testing

@testable import FirnProtocol

/// A job decides how long its messages are, but a result must fit into a message of the protocol.
@Suite struct ResultBoundsTests {
    private func failed(_ change: (inout WireFailure) -> Void) -> WireJobResult {
        var result = WireJobResult.with { $0.outcome = .evalError }
        change(&result.failure)
        result.boundTexts()
        return result
    }

    @Test func aLongMessageIsCutAtACharacterAndSaysSo() {
        let text = "x" + String(repeating: "ä", count: ProtocolLimits.failureBytes)
        let result = failed { $0.message = Data(text.utf8) }
        let message = String(decoding: result.failure.message, as: UTF8.self)
        #expect(message.hasPrefix("xää") && !message.contains("\u{FFFD}"))
        let rest = text.utf8.count - (ProtocolLimits.failureBytes - 1)
        #expect(message.hasSuffix("ä … (\(rest) more bytes)"), "\(message.suffix(40))")
        #expect(failed { $0.message = Data("short".utf8) }.failure.message == Data("short".utf8))
    }

    @Test func aLongBacktraceLosesItsMiddle() {
        let count = 100_000
        let result = failed { failure in
            failure.backtraceOmitted = 5
            failure.backtrace = (0..<count).map { number in .with { $0.message = Data("frame \(number)".utf8) } }
        }
        let frames = result.failure.backtrace.map { String(decoding: $0.message, as: UTF8.self) }
        #expect(frames.first == "frame 0" && frames.last == "frame \(count - 1)")
        #expect(result.failure.backtraceOmitted == UInt64(5 + count - frames.count))
        #expect(frames.count > 1_000 && result.textBytes <= ProtocolLimits.backtraceBytes + 1_000)
    }

    @Test func namesOfFilesDoNotFillAResult() {
        let file = Data(repeating: UInt8(ascii: "f"), count: 1 << 20)
        let result = failed { failure in
            failure.span.file = file
            failure.backtrace = (0..<50).map { _ in .with { $0.span.file = file } }
        }
        #expect(result.encoded().count < 1 << 20)
        var warned = WireJobResult.with { $0.warnings = (0..<100).map { _ in .with { $0.message = file } } }
        warned.boundTexts()
        #expect(warned.encoded().count < 1 << 20)
    }
}
