import Synchronization
import Testing

@testable import NixStore

/// The requests that are sent to forges, and reading their answers.
@Suite struct ForgeTests {
    private static let revision = "0123456789012345678901234567890123456789"

    /// What is asked for a reference, with the secrets, until an archive is wanted.
    private func requests(
        _ reference: String, tokens: [String: String] = [:], answers: [String: String] = [:]
    ) throws -> [String] {
        let folder = try TemporaryDirectory()
        let path = String(decoding: folder.path, as: UTF8.self)
        var settings = NetworkSettings(cacheDirectory: path, repositoryDirectory: path)
        settings.attempts = 1
        settings.accessTokens = tokens
        let heard = HeardRequests()
        settings.transport = FakeTransport { request throws(DownloadFailure) in
            let url = String(decoding: request.url.text, as: UTF8.self)
            heard.add(url + request.headers.map { " \($0.name): \($0.value)" }.joined())
            guard let answer = answers.first(where: { url.hasSuffix($0.key) }) else { return (404, "") }
            return (200, answer.value)
        }
        let input = try FetchInput(ParsedURL(Array(reference.utf8)))
        do {
            _ = try Fetcher(LocalIO(), network: settings) { _ in true }.fetch(input)
        } catch {
            heard.add(String(decoding: error.message, as: UTF8.self))
        }
        return heard.texts
    }

    private final class HeardRequests: Sendable {
        private let list = Mutex<[String]>([])
        func add(_ text: String) { list.withLock { $0.append(text) } }
        var texts: [String] { list.withLock { $0 } }
    }

    @Test func asksGitHub() throws {
        let answers = ["/commits/HEAD": #"{ "sha": "\#(Self.revision)" }"#, "/commits/a/b": "[]"]
        let plain = try requests("github:o/r", answers: answers)
        #expect(
            plain.prefix(2) == [
                "https://api.github.com/repos/o/r/commits/HEAD",
                "https://github.com/o/r/archive/\(Self.revision).tar.gz",
            ])
        let secret = try requests(
            "github:o/r/\(Self.revision)", tokens: ["github.com": "general", "github.com/o": "own"])
        #expect(
            secret.first
                == "https://api.github.com/repos/o/r/tarball/\(Self.revision) Authorization: token own")
        #expect(try requests("github:o/r/a/b", answers: answers).last?.contains("names no commit for 'a/b'") == true)
        #expect(
            try requests("github:o/r?host=git.example.org", answers: answers).first
                == "https://git.example.org/api/v3/repos/o/r/commits/HEAD")
        #expect(try requests("github:o%2F..%2Fx/r").first == "https://api.github.com/repos/o%2F..%2Fx/r/commits/HEAD")
    }

    @Test func asksGitLab() throws {
        let answers = ["?ref_name=main": #"[{ "id": "\#(Self.revision)" }]"#, "?ref_name=empty": "[]"]
        let project = "https://gitlab.com/api/v4/projects/o%2Fr/repository"
        let found = try requests("gitlab:o/r/main", tokens: ["gitlab.com": "PAT:x"], answers: answers)
        #expect(found[0] == "\(project)/commits?ref_name=main Private-token: x")
        #expect(found[1] == "\(project)/archive.tar.gz?sha=\(Self.revision) Private-token: x")
        #expect(try requests("gitlab:o/r/empty", answers: answers).last?.contains("names no commit") == true)
        let wrong = try requests("gitlab:o/r/main", tokens: ["gitlab.com": "secret"])
        #expect(
            wrong == ["the access token for 'gitlab.com' must begin with 'OAuth2:' or 'PAT:', as GitLab has two types"])
    }

    @Test func asksSourceHut() throws {
        let answers = [
            "/HEAD": "ref: refs/heads/main\n",
            "/info/refs": "\(String(repeating: "f", count: 40))\trefs/heads/other\n\(Self.revision)\trefs/heads/main\n",
        ]
        let site = "https://git.sr.ht/~o/r"
        let found = try requests("sourcehut:~o/r", answers: answers)
        #expect(found.prefix(3) == ["\(site)/HEAD", "\(site)/info/refs", "\(site)/archive/\(Self.revision).tar.gz"])
    }
}
