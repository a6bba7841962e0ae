import Testing

@testable import NixStore

/// Questions to daemons that know little.
@Suite struct DaemonQueriesTests {
    static func path(_ name: String) -> [UInt8] { Array("/nix/store/00000000000000000000000000000000-\(name)".utf8) }

    /// A daemon that answers requests about missing paths by `builds`, and requests about a path by its references.
    static func daemon(
        minor: UInt64, builds: [[UInt8]], references: [[UInt8]: [[UInt8]]] = [:],
        _ asked: @escaping @Sendable ([[UInt8]]) -> Void = { _ in }
    ) throws -> FakeDaemon {
        try FakeDaemon { peer in
            try peer.greet(minor: minor)
            while true {
                switch try peer.number() {
                case 40:
                    asked(try peer.texts())
                    try peer.finish {
                        $0.texts(builds)
                        $0.texts([path("b"), path("a")])
                        $0.texts([])
                        for _ in 0..<2 { $0.number(7) }
                    }
                case 26:
                    let references = references[try peer.text()]
                    try peer.finish {
                        $0.flag(references != nil)
                        guard let references else { return }
                        for _ in 0..<2 { $0.text([]) }
                        $0.texts(references)
                        for _ in 0..<3 { $0.number(0) }
                        $0.texts([])
                        $0.text([])
                    }
                default: return
                }
            }
        }
    }

    @Test(arguments: [25, 34, 38] as [UInt64]) func asksWhatIsMissing(minor: UInt64) throws {
        let wanted = [Self.path("x"), Self.path("y.drv") + Array("!out,dev".utf8)]
        let daemon = try Self.daemon(minor: minor, builds: [Self.path("y.drv")]) { asked in
            #expect(asked == wanted)
        }
        let queries = try DaemonQueries(socket: daemon.socket) { _ in }
        for _ in 0..<2 {
            let missing = try queries.missing(wanted)
            #expect(missing.builds == [Self.path("y.drv")])
            #expect(missing.substitutes == [Self.path("a"), Self.path("b")])
            #expect(missing.unknown == [])
        }
    }

    /// What is needed comes first; a path that the daemon does not know needs nothing.
    @Test func ordersByReferences() throws {
        let (a, b, c, d) = (Self.path("a"), Self.path("b"), Self.path("c"), Self.path("d"))
        let daemon = try Self.daemon(
            minor: 34, builds: [], references: [a: [c, b], b: [d, Self.path("z"), b], c: [b], d: []])
        let queries = try DaemonQueries(socket: daemon.socket) { _ in }
        #expect(try queries.ordered([a, b, c, d]) == [d, b, c, a])
        #expect(try queries.ordered([a, c, Self.path("e")]) == [c, a, Self.path("e")])
    }

    @Test func saysWhatTheDaemonSays() throws {
        let daemon = try FakeDaemon { peer in
            try peer.greet(minor: 34)
            _ = try peer.number()
            _ = try peer.texts()
            try peer.refuse("no such thing", minor: 34)
        }
        let queries = try DaemonQueries(socket: daemon.socket) { _ in }
        let error = #expect(throws: StoreWriteError.self) { try queries.missing([]) }
        #expect(error?.description.contains("refused the request while it was asked what is missing") == true)
        #expect(error?.description.hasSuffix("no such thing") == true)
    }
}
