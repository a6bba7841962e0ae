import Testing

@testable import NixStore

/// A connection whose other side was written down before.
private final class ScriptedTransport: DaemonTransport {
    private(set) var sent: [UInt8] = []
    private var answers: [UInt8]
    /// The bytes that arrive at once.
    private let step: Int
    /// Whether the other side has closed the connection after its answers, so that nothing can be sent.
    private let isClosed: Bool

    init(_ answers: [UInt8], step: Int = .max, isClosed: Bool = false) {
        self.answers = answers
        self.step = step
        self.isClosed = isClosed
    }

    var hasInput: Bool { !answers.isEmpty }

    func send(_ bytes: UnsafeRawBufferPointer, isStopped: () -> Bool) throws(TransportError) {
        if isClosed { throw .closed }
        unsafe sent += bytes
    }

    func receive(into bytes: inout [UInt8], isStopped: () -> Bool) throws(TransportError) {
        if answers.isEmpty { throw .closed }
        bytes += answers.prefix(step)
        answers.removeFirst(min(step, answers.count))
    }

    func close() {}
}

/// The encoding of the worker protocol, against bytes that were written by hand.
@Suite struct DaemonConnectionTests {
    private static let last: [UInt8] = [0x73, 0x74, 0x6C, 0x61, 0, 0, 0, 0]
    private static let error: [UInt8] = [0x70, 0x74, 0x78, 0x63, 0, 0, 0, 0]
    private static let zero: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
    private static let one: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0]
    private static let clientMagic: [UInt8] = [0x63, 0x78, 0x69, 0x6E, 0, 0, 0, 0]
    private static let daemonMagic: [UInt8] = [0x6F, 0x69, 0x78, 0x64, 0, 0, 0, 0]

    private static func version(_ minor: UInt8, major: UInt8 = 1) -> [UInt8] { [minor, major, 0, 0, 0, 0, 0, 0] }

    /// A text of at most eight bytes.
    private static func short(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        let count: [UInt8] = [UInt8(bytes.count), 0, 0, 0, 0, 0, 0, 0]
        return count + bytes + [UInt8](repeating: 0, count: (8 - bytes.count % 8) % 8)
    }

    private func connection(_ transport: ScriptedTransport, log: @escaping ([UInt8]) -> Void = { _ in })
        -> DaemonConnection
    {
        DaemonConnection(transport, name: Array("/socket".utf8), log: log)
    }

    private func failure(_ answers: [UInt8], isClosed: Bool = false) -> String {
        do throws(StoreWriteError) {
            try connection(ScriptedTransport(answers, isClosed: isClosed)).greet()
            return "no failure"
        } catch {
            return error.description
        }
    }

    /// What an older daemon says and what it is sent: the magic number and the version, two obsolete settings, and the
    /// options.
    @Test(arguments: [1, 3, Int.max]) func greetsNix28(step: Int) throws {
        let answers =
            Self.daemonMagic + Self.version(34) + Self.short("2.8.0") + Self.last + Self.last
        let transport = ScriptedTransport(answers, step: step)
        let connection = connection(transport)
        try connection.greet()
        #expect(connection.minor == 34)
        let options: [UInt8] = [19] + [UInt8](repeating: 0, count: 7)
        #expect(
            transport.sent == Self.clientMagic + Self.version(38) + Self.zero + Self.zero + options + Self.zero
                + Self.one + Self.zero + Self.one + Self.one + Self.zero + Self.one + Self.zero + Self.zero
                + Self.zero + Self.zero + Self.one + Self.zero)
    }

    @Test func tellsHowToBuild() {
        var options = DaemonOptions()
        options.substitutes = false
        options.fallsBack = true
        options.keepsFailed = true
        (options.jobs, options.cores, options.silentSeconds, options.buildSeconds) = (2, 3, 4, 5)
        let numbers: [[UInt8]] = [19, 1, 1, 1, 1, 2, 4, 1, 0, 0, 0, 3, 0, 1].map { [$0, 0, 0, 0, 0, 0, 0, 0] }
        #expect(options.request == numbers.flatMap { $0 } + Self.short("timeout") + Self.short("5"))
    }

    @Test func exchangesFeatures() throws {
        let features = [2] + [UInt8](repeating: 0, count: 7) + Self.short("other")
        let feature: [UInt8] =
            [19] + [UInt8](repeating: 0, count: 7) + Array("disable-set-options".utf8) + [0, 0, 0, 0, 0]
        let answers =
            Self.daemonMagic + Self.version(38) + features + feature + Self.short("2.34.0") + Self.one + Self.last
        let transport = ScriptedTransport(answers)
        let connection = connection(transport)
        try connection.greet()
        #expect(connection.minor == 38)
        // No options follow, because the daemon takes none.
        #expect(
            transport.sent == Self.clientMagic + Self.version(38) + Self.one + feature + Self.zero + Self.zero)
    }

    @Test func speaksItsOwnVersionToNewerDaemons() throws {
        let answers =
            Self.daemonMagic + Self.version(77) + Self.zero + Self.short("9") + Self.zero + Self.last + Self.last
        let connection = connection(ScriptedTransport(answers))
        try connection.greet()
        #expect(connection.minor == 38)
    }

    @Test func refusesOtherVersions() {
        #expect(failure(Self.daemonMagic + Self.version(24)).contains("speaks version 1.24 of its protocol"))
        #expect(failure(Self.daemonMagic + Self.version(38, major: 2)).contains("speaks version 2.38"))
        #expect(failure(Self.daemonMagic + Self.version(24)).contains("write a stream with --export"))
    }

    @Test func refusesGarbage() {
        let page = Array("HTTP/1.1 400 Bad Request\r\n".utf8)
        #expect(failure(page).contains("what listens at '/socket' is no Nix daemon: it answered 0x312e312f50545448"))
        #expect(failure(page, isClosed: true).contains("is no Nix daemon"))
        #expect(failure([], isClosed: true).contains("closed the connection while it was greeted"))
        #expect(failure([]).contains("closed the connection while it was greeted"))
        #expect(failure(Self.daemonMagic).contains("closed the connection while it was greeted"))
        let begun = Self.daemonMagic + Self.version(34)
        #expect(failure(begun + [UInt8](repeating: 0xFF, count: 8)).contains("18446744073709551615 bytes in a text"))
        #expect(failure(begun + Self.short("2.8.0") + Self.one).contains("the message 0x1"))
        let wrongPadding: [UInt8] = Array(Self.short("2.8.0").dropLast()) + [1]
        #expect(failure(begun + wrongPadding).contains("a text with wrong padding"))
        let wantsInput: [UInt8] = [0x61, 0x74, 0x61, 0x64, 0, 0, 0, 0]
        #expect(failure(begun + Self.short("2.8.0") + wantsInput).contains("the message 0x64617461"))
    }

    @Test func readsBothFormsOfErrors() {
        let text = Self.daemonMagic + Self.version(25) + Self.error + Self.short("too bad") + Self.one
        #expect(failure(text).hasSuffix("refused the request while it was greeted: too bad"))
        let trace = Self.zero + Self.short("trace")
        let fields =
            Self.daemonMagic + Self.version(34) + Self.short("2.8.0") + Self.error + Self.short("Error") + Self.zero
            + Self.short("Error") + Self.short("too bad") + Self.zero + Self.one + trace
        #expect(failure(fields).hasSuffix("refused the request while it was greeted: too bad"))
        let position =
            Self.daemonMagic + Self.version(34) + Self.short("2.8.0") + Self.error + Self.short("Error") + Self.zero
            + Self.short("Error") + Self.short("too bad") + Self.one
        #expect(failure(position).contains("an error with a position"))
    }

    @Test func skipsActivitiesAndPrintsTheLog() throws {
        let start: [UInt8] = [0x54, 0x52, 0x54, 0x53, 0, 0, 0, 0]
        let stop: [UInt8] = [0x50, 0x4F, 0x54, 0x53, 0, 0, 0, 0]
        let result: [UInt8] = [0x54, 0x4C, 0x53, 0x52, 0, 0, 0, 0]
        let next: [UInt8] = [0x67, 0x6D, 0x6C, 0x6F, 0, 0, 0, 0]
        let two: [UInt8] = [2, 0, 0, 0, 0, 0, 0, 0]
        let fields = two + Self.zero + Self.one + Self.one + Self.short("field")
        let messages =
            start + Self.one + Self.one + Self.one + Self.short("text") + fields + Self.zero + next
            + Self.short("a line") + result + Self.one + Self.one + fields + stop + Self.one + Self.last
        var lines: [[UInt8]] = []
        let answers = Self.daemonMagic + Self.version(34) + Self.short("2.8.0") + Self.last + messages
        let transport = ScriptedTransport(answers)
        try connection(transport) { lines.append($0) }.greet()
        #expect(lines == [Array("a line\n".utf8)])
        #expect(!transport.hasInput)
    }
}
