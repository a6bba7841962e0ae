import Glibc
import Testing

@testable import NixStore

/// The daemon's store against daemons on a socket that behave well and badly.
@Suite struct DaemonStoreTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        directory.directory("tree")
        try directory.file("tree/file", "contents\n")
    }

    private func open(_ socket: [UInt8], patience: Duration = .seconds(20)) throws(StoreWriteError) -> DaemonStore {
        try DaemonStore(socket: socket, patience: patience) { _ in }
    }

    /// The message of what `body` throws.
    private func failure(_ body: () throws(StoreWriteError) -> Void) -> String {
        do throws(StoreWriteError) {
            try body()
            return "no failure"
        } catch {
            return error.description
        }
    }

    @Test(arguments: [25, 34, 37, 38] as [UInt64]) func addsWhatIsMissing(minor: UInt64) throws {
        let known = try Additions.text("known", "known")
        let daemon = try KeepingDaemon(minor: minor, valid: [known.path])
        let store = try open(daemon.socket)
        let source = try Additions.tree("tree", directory("tree"))
        let text = try Additions.text("text.drv", "text", references: [source.path])
        try store.add(source)
        try store.add(known)
        try store.add(text)
        #expect(daemon.objects.map(\.path) == [source.path])
        try store.finish()
        daemon.end()
        #expect(daemon.objects.map(\.path) == [source.path, text.path])
        #expect(daemon.objects.map(\.kind) == [Array("fixed:r:sha256".utf8), Array("text:sha256".utf8)])
        #expect(daemon.objects.map(\.references) == [[], [source.path]])
        #expect(daemon.objects[1].contents == Array("text".utf8))
        #expect(Hash(of: daemon.objects[0].contents, .sha256) == source.address.hash)
        #expect(daemon.held == [source.path, known.path, text.path])
        // The source is held, asked for and added; both texts are held and asked for, and one is added.
        #expect(daemon.operations == [11, 1, 7, 11, 11, 31, 7])
    }

    @Test func sendsFilesWithoutAnArchive() throws {
        let daemon = try KeepingDaemon(minor: 34)
        let store = try open(daemon.socket)
        let file = try Additions.tree("file", directory("tree/file"), .flat)
        try store.add(file)
        try store.finish()
        daemon.end()
        #expect(daemon.objects.map(\.kind) == [Array("fixed:sha256".utf8)])
        #expect(daemon.objects[0].contents == Array("contents\n".utf8))
    }

    /// A downloaded file is a text in memory and is named as a tree is.
    @Test func sendsTextsAsTreesIfTheyAreNamedSo() throws {
        let daemon = try KeepingDaemon(minor: 34)
        let store = try open(daemon.socket)
        let object = StoreObject(text: Array("abc".utf8), references: [])
        let hash = try object.narHash(.sha256, visit: { _ in }, proceed: { _ in true })
        let path = try StorePath.fixed(name: Array("file".utf8), hash, .nar)
        try store.add(StoreAddition(path: path, address: ContentAddress(.nar, hash), object))
        try store.finish()
        daemon.end()
        #expect(daemon.objects.map(\.kind) == [Array("fixed:r:sha256".utf8)])
        #expect(Hash(of: daemon.objects[0].contents, .sha256) == hash)
    }

    /// The answers have as many bytes as the requests, and more than a socket holds.
    @Test func takesAnswersWhileItSends() throws {
        let daemon = try KeepingDaemon(minor: 34)
        let store = try open(daemon.socket)
        let references = try (0..<60).map { try Additions.text("reference-\($0)", "").path }.sorted {
            $0.lexicographicallyPrecedes($1)
        }
        let texts = try (0..<200).map { try Additions.text("text-\($0)", "\($0)", references: references) }
        for text in texts { try store.add(text) }
        try store.finish()
        daemon.end()
        #expect(daemon.objects.map(\.path) == texts.map(\.path))
    }

    @Test func sendsTextsTogether() throws {
        let daemon = try KeepingDaemon(minor: 34)
        let store = try open(daemon.socket)
        let texts = try (0..<600).map { try Additions.text("text-\($0)", "\($0)") }
        for text in texts {
            try store.add(text)
            // Memory is bounded by the batch.
            #expect(store.byteCount < 4 << 20)
        }
        try store.finish()
        daemon.end()
        #expect(daemon.objects.map(\.path) == texts.map(\.path))
        #expect(daemon.operations.count { $0 == 31 } == 3)
    }

    @Test func registersRoots() throws {
        let daemon = try KeepingDaemon(minor: 34)
        let store = try open(daemon.socket)
        let text = try Additions.text("text", "text")
        try store.add(text)
        try store.flush()
        try store.addRoot(directory("roots/one"), to: text.path, isStopped: { false })
        #expect(try LocalIO().readLink(directory("roots/one")) == text.path)
        #expect(
            failure { () throws(StoreWriteError) in
                try store.addRoot(directory("tree/file"), to: text.path, isStopped: { false })
            }.hasSuffix("; already exists"))
        daemon.end()
        #expect(daemon.roots == [directory("roots/one")])
    }

    @Test func saysThatNobodyListens() {
        #expect(failure { () throws(StoreWriteError) in _ = try open(directory("none")) }.contains("start nix-daemon"))
        let long = directory(String(repeating: "x", count: 200)) + Array("/socket".utf8)
        #expect(failure { () throws(StoreWriteError) in _ = try open(long) }.contains("start nix-daemon"))
    }

    @Test func reachesSocketsWithLongPaths() throws {
        let daemon = try KeepingDaemon(minor: 34)
        let long = String(repeating: "x", count: 120)
        directory.directory(long)
        directory.link("\(long)/socket", to: String(decoding: daemon.socket, as: UTF8.self))
        let store = try open(directory("\(long)/socket"))
        try store.finish()
        daemon.end()
        #expect(daemon.operations == [])
    }

    @Test func refusesWhatIsNoDaemon() throws {
        let garbage = try FakeDaemon { try $0.send([UInt8](repeating: 0xAB, count: 1 << 16)) }
        #expect(failure { () throws(StoreWriteError) in _ = try open(garbage.socket) }.contains("is no Nix daemon"))
        let closing = try FakeDaemon { _ = try $0.number() }
        #expect(
            failure { () throws(StoreWriteError) in _ = try open(closing.socket) }.contains("closed the connection"))
        let old = try FakeDaemon { peer in
            try peer.send {
                $0.number(0x6478_696F as UInt64)
                $0.number(0x111 as UInt64)
            }
            _ = try peer.bytes(1 << 20)
        }
        #expect(failure { () throws(StoreWriteError) in _ = try open(old.socket) }.contains("speaks version 1.17"))
        let silent = try FakeDaemon { _ = try $0.bytes(1 << 20) }
        #expect(
            failure { () throws(StoreWriteError) in _ = try open(silent.socket, patience: .milliseconds(50)) }
                .contains("did not answer for 0 seconds"))
    }

    @Test func waitsForNobodyWhoAcceptsNoConnection() throws {
        let daemon = try FakeDaemon(backlog: 0) { peer in _ = try peer.bytes(1 << 20) }
        // The first is accepted, the second waits in the queue, and there is no place for a third.
        let first = try UnixSocket(daemon.socket, patience: .seconds(20))
        var queued: [UnixSocket] = []
        var code: Int32 = 0
        for _ in 0..<4 where code == 0 {
            do throws(SystemError) {
                queued.append(try UnixSocket(daemon.socket, patience: .milliseconds(50)))
            } catch { code = error.code }
        }
        #expect(code == ETIMEDOUT)
        first.close()
    }

    @Test func stopsWaitingWhenItIsTold() throws {
        let daemon = try FakeDaemon { peer in
            try peer.greet(minor: 34)
            _ = try peer.bytes(1 << 30)
        }
        let store = try open(daemon.socket)
        let source = try Additions.tree("tree", directory("tree"))
        var polls = 0
        #expect(throws: StoreWriteError.stopped) {
            try store.add(source) {
                polls += 1
                return polls > 3
            }
        }
    }

    @Test(arguments: [25, 34] as [UInt64]) func saysWhatTheDaemonRefuses(minor: UInt64) throws {
        let daemon = try FakeDaemon { peer in
            try peer.greet(minor: minor)
            _ = (try peer.number(), try peer.text())
            try peer.refuse("path is not in the Nix store", minor: minor)
            _ = try peer.bytes(1 << 20)
        }
        let store = try open(daemon.socket)
        let source = try Additions.tree("tree", directory("tree"))
        let message = failure { () throws(StoreWriteError) in try store.add(source) }
        #expect(message.contains("refused the request while '/nix/store/"))
        #expect(message.hasSuffix(": path is not in the Nix store"))
        // The connection was closed, and nothing more is reported as added.
        #expect(failure { () throws(StoreWriteError) in try store.add(source) }.contains("closed the connection"))
    }

    /// A daemon whose disk is full says so while it still gets data, or after it has read all of it.
    @Test(arguments: [false, true]) func saysThatTheDiskIsFull(early: Bool) throws {
        let daemon = try FakeDaemon { peer in
            try peer.greet(minor: 34)
            for _ in 0..<2 { _ = (try peer.number(), try peer.text()) }
            try peer.finish { $0.number(1) }
            try peer.finish { $0.number(0) }
            _ = (try peer.number(), try peer.text(), try peer.text(), try peer.texts(), try peer.number())
            if early { _ = try peer.bytes(1 << 10) } else { _ = try peer.framed() }
            try peer.refuse("writing to file: No space left on device", minor: 34)
        }
        let store = try open(daemon.socket)
        try directory.file("large", [UInt8](repeating: 1, count: 8 << 20))
        let source = try Additions.tree("large", directory("large"))
        #expect(
            failure { () throws(StoreWriteError) in try store.add(source) }
                .hasSuffix("was added: writing to file: No space left on device"))
    }

    @Test func saysThatTheConnectionIsLostInTheMiddle() throws {
        let daemon = try FakeDaemon { peer in
            try peer.greet(minor: 34)
            for _ in 0..<2 { _ = (try peer.number(), try peer.text()) }
            try peer.finish { $0.number(1) }
            try peer.finish { $0.number(0) }
            _ = try peer.bytes(1 << 16)
        }
        let store = try open(daemon.socket)
        try directory.file("large", [UInt8](repeating: 1, count: 8 << 20))
        let source = try Additions.tree("large", directory("large"))
        let message = failure { () throws(StoreWriteError) in try store.add(source) }
        #expect(message.contains("closed the connection while '/nix/store/"))
    }

    @Test func noticesThatASourceChanged() throws {
        let daemon = try FakeDaemon { peer in
            try peer.greet(minor: 34)
            for _ in 0..<2 { _ = (try peer.number(), try peer.text()) }
            try peer.finish { $0.number(1) }
            try peer.finish { $0.number(0) }
            _ = (try peer.number(), try peer.text(), try peer.text(), try peer.texts(), try peer.number())
            _ = try peer.framed()
            try peer.finish {
                $0.text(Array("/nix/store/00000000000000000000000000000000-tree".utf8))
                for _ in 0..<2 { $0.text([]) }
                for _ in 0..<5 { $0.number(0) }
                $0.text([])
            }
        }
        let store = try open(daemon.socket)
        let source = try Additions.tree("tree", directory("tree"))
        #expect(
            failure { () throws(StoreWriteError) in try store.add(source) }
                .contains("its files changed during the evaluation"))
    }
}
