import Testing

@testable import NixStore

/// Building in a daemon's store, against daemons that answer well and badly.
@Suite struct DaemonBuildTests {
    private static let first = output("a")
    private static let second = output("b")

    private static func path(_ name: String) -> [UInt8] {
        StorePath.directory + Array("/\(String(repeating: name, count: 32))-\(name)".utf8)
    }

    private static func output(_ name: String) -> NeededOutput {
        NeededOutput(derivation: path(name) + StorePath.derivationSuffix, name: Array("out".utf8), path: path(name))
    }

    /// Converses with a daemon that answers the request to build, and returns what it was asked.
    private func build(
        minor: UInt64, _ outputs: [NeededOutput], _ answer: @escaping @Sendable (borrowing FakePeer) throws -> Void
    ) throws -> Result<[NeededOutput: [UInt8]], StoreWriteError> {
        let daemon = try FakeDaemon { peer in
            try peer.greet(minor: minor)
            try answer(peer)
            // Until the client has closed the connection.
            _ = try peer.bytes(1)
        }
        let store = try DaemonStore(socket: daemon.socket, patience: .seconds(20)) { _ in }
        do throws(StoreWriteError) {
            return .success(try store.build(outputs) { false })
        } catch {
            return .failure(error)
        }
    }

    /// Sends a result as the version has it.
    private static func result(
        _ output: NeededOutput, status: Int, _ message: String, minor: UInt64, to writer: inout WireWriter
    ) {
        writer.text(output.installable)
        writer.number(status)
        writer.text(Array(message.utf8))
        for _ in 0..<4 { writer.number(0) }
        if minor >= 37 {
            // The processor time of the user is known, and that of the system is not.
            for number in [1, 1_000, 0] { writer.number(number) }
        }
        writer.number(1)
        writer.text(Array("sha256:0!out".utf8))
        writer.text(Array("{}".utf8))
    }

    @Test(arguments: [34, 37, 38] as [UInt64]) func buildsTogether(minor: UInt64) throws {
        let failures = try build(minor: minor, [Self.first, Self.second]) { peer in
            guard try peer.number() == 46, try peer.texts() == [Self.first.installable, Self.second.installable],
                try peer.number() == 0
            else { throw FakePeer.Ended() }
            try peer.finish {
                $0.number(2)
                Self.result(Self.second, status: 3, "no luck", minor: minor, to: &$0)
                Self.result(Self.first, status: 1, "", minor: minor, to: &$0)
            }
        }.get()
        #expect(failures == [Self.second: Array("no luck".utf8)])
    }

    /// An older daemon answers the failure of one build by an error, after which it can be asked for the next.
    @Test(arguments: [25, 33] as [UInt64]) func buildsAlone(minor: UInt64) throws {
        let failures = try build(minor: minor, [Self.first, Self.second]) { peer in
            guard try peer.number() == 9, try peer.texts() == [Self.first.installable], try peer.number() == 0 else {
                throw FakePeer.Ended()
            }
            try peer.refuse("no luck", minor: minor)
            guard try peer.number() == 9, try peer.texts() == [Self.second.installable], try peer.number() == 0 else {
                throw FakePeer.Ended()
            }
            try peer.finish { $0.number(1) }
        }.get()
        #expect(failures == [Self.first: Array("no luck".utf8)])
    }

    @Test func reasonsHaveNoColors() {
        func plain(_ text: String) -> String {
            String(decoding: DaemonStore.withoutColors(Array(text.utf8)), as: UTF8.self)
        }
        #expect(plain("a \u{1B}[35;1mb\u{1B}[0m c") == "a b c")
        #expect(plain("\u{1B}[31m") == "")
        #expect(plain("a\u{1B}") == "a" && plain("a\u{1B}[3") == "a[3" && plain("a\u{1B}x") == "ax")
        #expect(plain("[plain]") == "[plain]")
    }

    @Test func refusesAnswersThatWereNotAskedFor() throws {
        let unknown = try build(minor: 34, [Self.first]) { peer in
            _ = try (peer.number(), peer.texts(), peer.number())
            try peer.finish {
                $0.number(1)
                Self.result(Self.second, status: 0, "", minor: 34, to: &$0)
            }
        }
        #expect(throws: StoreWriteError.self) { try unknown.get() }
        let many = try build(minor: 34, [Self.first]) { peer in
            _ = try (peer.number(), peer.texts(), peer.number())
            try peer.finish { $0.number(2) }
        }
        guard case .failure(let error) = many else {
            Issue.record("two results for one build")
            return
        }
        #expect(error.description.contains("2 results of builds, of which 1 are allowed"))
    }

    @Test func namesWhatWasBuiltWhenTheDaemonDies() throws {
        let daemon = try FakeDaemon { peer in
            try peer.greet(minor: 34)
            _ = try (peer.number(), peer.texts(), peer.number())
        }
        let store = try DaemonStore(socket: daemon.socket, patience: .seconds(20)) { _ in }
        do throws(StoreWriteError) {
            _ = try store.build([Self.first]) { false }
            Issue.record("a build without an answer")
        } catch {
            #expect(
                error.description.contains(
                    "closed the connection while '\(String(decoding: Self.first.text, as: UTF8.self))' was built"))
        }
    }

    /// The objects that outputs refer to can be read, too, each once.
    @Test func findsTheClosure() throws {
        let daemon = try FakeDaemon { peer in
            try peer.greet(minor: 38)
            let references = [
                Self.path("a"): [Self.path("a"), Self.path("c")], Self.path("b"): [Self.path("c")], Self.path("c"): [],
            ]
            while true {
                let operation = try peer.number()
                let path = try peer.text()
                guard operation == 26 else {
                    try peer.finish { $0.number(1) }
                    continue
                }
                try peer.finish {
                    $0.flag(references[path] != nil)
                    guard let references = references[path] else { return }
                    for _ in 0..<2 { $0.text([]) }
                    $0.texts(references)
                    for _ in 0..<3 { $0.number(0) }
                    $0.texts([])
                    $0.text([])
                }
            }
        }
        let store = try DaemonStore(socket: daemon.socket, patience: .seconds(20)) { _ in }
        let objects = try #require(try store.existing([Self.first, Self.second]) { false })
        #expect(Set(objects.map(\.path)) == [Self.path("a"), Self.path("b"), Self.path("c")])
        #expect(objects.count == 3)
        #expect(objects.first { $0.path == Self.path("a") }?.references == [Self.path("a"), Self.path("c")])
        #expect(try store.existing([Self.first, Self.output("d")]) { false } == nil)
    }
}
