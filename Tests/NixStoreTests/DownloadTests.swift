import Glibc
import Synchronization
import TestSupport
import Testing

@testable import NixStore

/// Downloads from a server on the loopback interface, friendly and hostile.
@Suite struct DownloadTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private var settings: NetworkSettings {
        let path = String(decoding: folder.path, as: UTF8.self)
        var settings = NetworkSettings(cacheDirectory: path, repositoryDirectory: path)
        settings.retryDelay = 0
        settings.attempts = 2
        return settings
    }

    private func fetcher(_ settings: NetworkSettings, isStopped: @escaping () -> Bool = { false }) -> Fetcher {
        Fetcher(LocalIO(), network: settings, isStopped: isStopped) { _ in true }
    }

    /// The contents of a URL, or the message of the error.
    private func contents(
        _ url: String, _ settings: NetworkSettings? = nil, isStopped: @escaping () -> Bool = { false }
    ) -> String {
        do throws(FetchError) {
            let file = try fetcher(settings ?? self.settings, isStopped: isStopped).file(of: Array(url.utf8))
            return String(decoding: (try? file.io.readFile(file.path)) ?? [], as: UTF8.self)
        } catch {
            return String(decoding: error.message, as: UTF8.self)
        }
    }

    /// The names of what is kept, without those of directories.
    private var kept: [String] {
        func names(_ path: String) -> [String] {
            let entries = (try? LocalIO().readDirectory(folder(path))) ?? []
            return entries.filter { $0.type == .regular }.map { String(decoding: $0.name, as: UTF8.self) }
        }
        return names("downloads") + names("downloads/data")
    }

    @Test func downloadsOnceAndAsksAgain() throws {
        let server = try LoopbackServer { request in
            request.contains("If-None-Match: \"tag\"")
                ? .init([], status: 304) : .init(Array("hello".utf8), fields: ["ETag: \"tag\""])
        }
        defer { server.stop() }
        #expect(contents(server.url("file")) == "hello")
        #expect(contents(server.url("file")) == "hello")
        #expect(server.requests.count == 1)
        var fresh = settings
        fresh.timeToLive = 0
        #expect(contents(server.url("file"), fresh) == "hello")
        #expect(server.requests.count == 2)
        #expect(kept.count == 2, "\(kept)")
    }

    @Test func keepsWhatItHasIfTheServerIsGone() throws {
        let server = try LoopbackServer { _ in .init(Array("hello".utf8)) }
        #expect(contents(server.url("file")) == "hello")
        server.stop()
        let gone = try LoopbackServer { _ in .init(raw: []) }
        defer { gone.stop() }
        var fresh = settings
        fresh.timeToLive = 0
        fresh.transport = FakeTransport { _ throws(DownloadFailure) in throw .failed("refused", isTransient: true) }
        #expect(contents(server.url("file"), fresh) == "hello")
        #expect(contents(server.url("other"), fresh) == "unable to download '\(server.url("other"))': refused")
    }

    @Test func triesAgainWhereItMayHelp() throws {
        let count = Atomic(0)
        let server = try LoopbackServer { request in
            if request.hasPrefix("GET /missing") { return .init([], status: 404) }
            return count.add(1, ordering: .relaxed).newValue == 1 ? .init([], status: 503) : .init(Array("late".utf8))
        }
        defer { server.stop() }
        #expect(contents(server.url("file")) == "late")
        #expect(contents(server.url("missing")) == "unable to download '\(server.url("missing"))': HTTP error 404")
        #expect(server.requests.count == 3)
    }

    @Test func followsRedirections() throws {
        let server = try LoopbackServer { request in
            if request.hasPrefix("GET /a/b ") { return .init([], status: 302, fields: ["Location: c?x=1"]) }
            if request.hasPrefix("GET /a/c?x=1 ") { return .init([], status: 301, fields: ["Location: /end"]) }
            if request.hasPrefix("GET /file ") {
                return .init([], status: 302, fields: ["Location: file:///etc/passwd"])
            }
            if request.hasPrefix("GET /none ") { return .init([], status: 302) }
            if request.hasPrefix("GET /loop ") { return .init([], status: 302, fields: ["Location: /loop"]) }
            return .init(Array("end".utf8))
        }
        defer { server.stop() }
        #expect(contents(server.url("a/b")) == "end")
        #expect(contents(server.url("file")).contains("only http and https are downloaded, and it leads to 'file'"))
        #expect(contents(server.url("none")).contains("redirects to no address"))
        let before = server.requests.count
        #expect(contents(server.url("loop")).contains("redirects more than 10 times"))
        #expect(server.requests.count == before + 11)
    }

    @Test func tellsSecretsToTheirOwnServerAlone() throws {
        let other = try LoopbackServer { _ in .init(Array("other".utf8)) }
        defer { other.stop() }
        let target = other.url("x")
        let server = try LoopbackServer { request in
            request.hasPrefix("GET /here ")
                ? .init([], status: 302, fields: ["Location: /there"])
                : .init([], status: 302, fields: ["Location: \(target)"])
        }
        defer { server.stop() }
        let downloader = Downloader(settings: settings) { false }
        let url = try ParsedURL(Array("http://name:secret@127.0.0.1:\(server.port)/here".utf8))
        _ = try downloader.file(url, headers: [("Authorization", "token hidden")])
        #expect(server.requests.count == 2)
        #expect(server.requests.allSatisfy { $0.contains("Authorization: token hidden") })
        #expect(other.requests.count == 1)
        #expect(!other.requests[0].contains("hidden") && !other.requests[0].lowercased().contains("authorization"))
        let failing = contents("http://name:secret@127.0.0.1:\(server.port)/\u{7F}")
        #expect(!failing.contains("secret"), "\(failing)")
    }

    @Test func keepsNothingThatIsNotWhole() throws {
        let server = try LoopbackServer { request in
            if request.hasPrefix("GET /short ") { return .init(Array("half".utf8), length: 100) }
            if request.hasPrefix("GET /endless ") {
                return .init(
                    raw: Array("HTTP/1.1 200 X\r\n\r\n".utf8) + [UInt8](repeating: 0x78, count: 1 << 16),
                    end: .repeatForever)
            }
            if request.hasPrefix("GET /header ") {
                return .init(raw: [UInt8](repeating: 0x78, count: 1 << 16), end: .repeatForever)
            }
            if request.hasPrefix("GET /large ") { return .init(Array("x".utf8), length: 1 << 40) }
            return .init(raw: Array("garbage\r\n\r\n".utf8))
        }
        defer { server.stop() }
        var bounded = settings
        bounded.maximumBytes = 1 << 20
        #expect(contents(server.url("short"), bounded).contains("curl: (18)"))
        #expect(contents(server.url("endless"), bounded).contains("more than the 1048576 bytes of a download"))
        #expect(contents(server.url("large"), bounded).contains("more than the 1048576 bytes of a download"))
        #expect(contents(server.url("header"), bounded).hasPrefix("unable to download"))
        #expect(contents(server.url("garbage"), bounded).hasPrefix("unable to download"))
        #expect(kept.isEmpty, "\(kept)")
    }

    @Test func stopsWhileAServerIsSilent() throws {
        let server = try LoopbackServer { _ in .init(Array("begun".utf8), end: .wait, length: 100) }
        defer { server.stop() }
        // It is asked only while the request runs, so that the server was heard by then.
        let result = contents(server.url("slow")) { !server.requests.isEmpty }
        #expect(result == "stopped")
        #expect(kept.isEmpty)
    }

    @Test func refusesOtherSchemes() {
        #expect(contents("ftp://127.0.0.1/x").contains("only http and https are downloaded"))
        #expect(contents("http:///x").contains("it names no server"))
    }

    @Test func opensNoConnectionWithoutSettings() {
        let fetcher = Fetcher(LocalIO()) { _ in true }
        for url in ["http://u:p@127.0.0.1:1/x", "git+https://u:p@127.0.0.1:1/x"] {
            do {
                _ = try fetcher.fetch(FetchInput(ParsedURL(Array(url.utf8))))
                Issue.record("\(url) was fetched")
            } catch {
                let message = String(decoding: error.message, as: UTF8.self)
                #expect(
                    message.contains("this evaluator opens no connection") && !message.contains("u:p"), "\(message)")
            }
        }
    }

    @Test func unpacksWithinBounds() throws {
        var archive = TarArchive()
        archive.entry("top/", kind: "5")
        archive.entry("top/file", contents: "text")
        let plain = archive.bytes + [UInt8](repeating: 0, count: 1024)
        var bomb = TarArchive()
        bomb.entry("zero", size: 1 << 22)
        let zeros = bomb.bytes + [UInt8](repeating: 0, count: 1 << 22)
        let server = try LoopbackServer { request in
            if request.hasPrefix("GET /a.tar ") {
                return .init(
                    plain, fields: ["Link: </b.tar?rev=0123456789012345678901234567890123456789>; rel=\"immutable\""])
            }
            if request.hasPrefix("GET /bomb.tar ") { return .init(zeros) }
            return .init([0x1F, 0x8B, 8, 0] + Array("garbage that is not gzip".utf8))
        }
        defer { server.stop() }
        func tree(_ name: String) throws(FetchError) -> FetchedTree {
            var bounded = settings
            bounded.maximumUnpackedBytes = 1 << 20
            return try fetcher(bounded).fetch(FetchInput(ParsedURL(Array(server.url(name).utf8))))
        }
        let found = try tree("a.tar")
        #expect(found.lockedURL == Array(server.url("b.tar").utf8))
        #expect(found.revision == Array("0123456789012345678901234567890123456789".utf8))
        func failure(_ name: String) -> String {
            do throws(FetchError) {
                _ = try tree(name)
                return "unpacked"
            } catch { return String(decoding: error.message, as: UTF8.self) }
        }
        #expect(failure("bomb.tar").contains("has more than 1048576 bytes after decompression"))
        #expect(failure("gzip.tar.gz").contains("has damaged gzip data"))
    }
}

/// Answers requests without a server.
struct FakeTransport: DownloadTransport {
    let answer: @Sendable (DownloadRequest) throws(DownloadFailure) -> (status: Int, body: String)

    func get(
        _ request: DownloadRequest, _ settings: NetworkSettings, isStopped: () -> Bool,
        body: (DownloadResponse, ArraySlice<UInt8>) -> Bool
    ) throws(DownloadFailure) -> DownloadResponse {
        let (status, text) = try answer(request)
        let response = DownloadResponse(status: status)
        _ = body(response, Array(text.utf8)[...])
        return response
    }
}
