import Glibc

/// A copy of a Git repository of another machine, without a work tree.
///
/// It lies where Nix keeps its own copies, is named as these are, and is locked as these are, so that both use it.
struct GitMirror {
    private let url: ParsedURL
    private let input: FetchInput
    private let fetcher: Fetcher
    private let settings: NetworkSettings
    private let isShallow: Bool
    private let path: String

    /// The ways that Git may take. Others run programs that a URL names.
    private static let protocols = ["ssh", "http", "https", "git"]

    init(_ url: ParsedURL, _ input: FetchInput, _ fetcher: Fetcher) throws(FetchError) {
        guard let settings = fetcher.network else { throw Fetcher.offline(url.text) }
        guard Self.protocols.contains(url.scheme) else {
            throw FetchError(
                .invalid, "Git repository '", url.withoutCredentials.text,
                "' cannot be fetched: its scheme is none of ssh, http, https, git and file")
        }
        self.url = url
        self.input = input
        self.fetcher = fetcher
        self.settings = settings
        isShallow = try input.flag("shallow")
        let hash = String(decoding: Hash(of: url.text, .sha256).text(.nix32), as: UTF8.self)
        path = "\(settings.repositoryDirectory)/gitv3/\(hash)\(isShallow ? "-shallow" : "")"
    }

    /// Fetches what the input needs, if it is not there or no longer current.
    ///
    /// - Returns: the path of the repository, and the name of the reference that was meant.
    func update() throws(FetchError) -> (path: [UInt8], reference: [UInt8]) {
        let code = DownloadCache.makeDirectory("\(settings.repositoryDirectory)/gitv3")
        guard code == 0 else {
            throw FetchError(
                .invalid, "the directory '", Array(settings.repositoryDirectory.utf8),
                "' for Git repositories cannot be used: \(SystemError(code: code).reason)")
        }
        let lock = try FileLock("\(path).lock", isStopped: fetcher.isStopped)
        defer { lock.release() }
        if unsafe access("\(path)/objects", F_OK) != 0 {
            _ = try git(
                ["init", "--quiet", "--bare", "--initial-branch=main", "--"], [Array(path.utf8)], inRepository: false)
        }
        let name: [UInt8]
        if let given = try input.text("ref") { name = Self.fullName(given) } else { name = try head() }
        if try needsFetch(name) { try fetch(name) }
        return (Array(path.utf8), name)
    }

    /// The name of a reference under which Git keeps it.
    private static func fullName(_ reference: [UInt8]) -> [UInt8] {
        if reference.starts(with: Array("refs/".utf8)) || reference == Array("HEAD".utf8) { return reference }
        return Array("refs/heads/".utf8) + reference
    }

    private func isCurrent(_ name: String) -> Bool {
        var status = stat()
        guard unsafe stat("\(path)/\(name)", &status) == 0 else { return false }
        return abs(Int64(time(nil)) - Int64(status.st_mtim.tv_sec)) < settings.timeToLive
    }

    private func touch(_ name: String) { _ = unsafe utimensat(AT_FDCWD, "\(path)/\(name)", nil, 0) }

    /// The branch that the repository has as its own.
    private func head() throws(FetchError) -> [UInt8] {
        if try input.text("rev") != nil || isCurrent("firn-head"), let known = try? git(["symbolic-ref", "HEAD"]) {
            return Array(known.prefix { $0 != UInt8(ascii: "\n") })
        }
        let answer = try git(["ls-remote", "--symref", "--"], [url.text, Array("HEAD".utf8)])
        let prefix = Array("ref: ".utf8)
        for line in answer.split(separator: UInt8(ascii: "\n")) where line.starts(with: prefix) {
            let name = Array(line.dropFirst(prefix.count).prefix { $0 != UInt8(ascii: "\t") })
            guard name.starts(with: Array("refs/heads/".utf8)), GitNames.isReference(name) else { continue }
            _ = try git(["symbolic-ref", "HEAD"], [name])
            let marker = unsafe open("\(path)/firn-head", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if marker >= 0 { close(marker) }
            touch("firn-head")
            return name
        }
        return Array("HEAD".utf8)
    }

    private func needsFetch(_ name: [UInt8]) throws(FetchError) -> Bool {
        if let revision = try input.revision() {
            return (try? git(["cat-file", "-e"], [revision + Array("^{commit}".utf8)])) == nil
        }
        if try input.flag("allRefs") { return true }
        return !isCurrent(String(decoding: name, as: UTF8.self))
    }

    private func fetch(_ name: [UInt8]) throws(FetchError) {
        let depth = isShallow ? ["--depth", "1"] : []
        let words = ["fetch", "--quiet", "--force", "--no-tags", "--no-recurse-submodules"] + depth + ["--"]
        let isHead = name == Array("HEAD".utf8)
        let all = Array("refs/*:refs/*".utf8)
        let one = name + [UInt8(ascii: ":")] + (isHead ? Array("refs/heads/firn-head".utf8) : name)
        if try input.flag("allRefs") {
            _ = try git(words, [url.text, all])
        } else if let revision = try input.revision() {
            do throws(FetchError) {
                _ = try git(words, [url.text, revision])
            } catch {
                if error.kind == .stopped { throw error }
                // A server need not give a commit by its name alone.
                _ = try git(words.filter { $0 != "--depth" && $0 != "1" }, [url.text, one])
            }
        } else {
            _ = try git(words, [url.text, one])
        }
        touch(String(decoding: name, as: UTF8.self))
    }

    /// Runs Git and returns its output.
    private func git(
        _ words: [String], _ more: [[UInt8]] = [], inRepository: Bool = true
    ) throws(FetchError) -> [UInt8] {
        var arguments = ["-c", "core.hooksPath=/dev/null", "-c", "http.followRedirects=initial"]
        if inRepository { arguments += ["--git-dir", path] }
        if let file = settings.certificateFile { arguments += ["-c", "http.sslCAInfo=\(file)"] }
        let command = Command(
            "git", (arguments + words).map { Array($0.utf8) } + more,
            environment: ["GIT_ALLOW_PROTOCOL=ssh:http:https:git", "GIT_SSH_COMMAND=ssh -o BatchMode=yes"].map {
                Array($0.utf8)
            })
        var output: [UInt8] = []
        do throws(CommandError) {
            unsafe try command.run(isStopped: fetcher.isStopped) { piece in
                unsafe output.append(contentsOf: piece)
                return output.count <= 64 << 20
            }
        } catch {
            throw FetchError(hidingCredentials(error), tool: "git", path: url.withoutCredentials.text)
        }
        return output
    }

    /// The error without the name and password of the URL, which Git's messages repeat.
    private func hidingCredentials(_ error: CommandError) -> CommandError {
        guard case .failed(let status, let message) = error, let authority = url.authority,
            let sign = authority.lastIndex(of: UInt8(ascii: "@"))
        else { return error }
        let secret = Array(authority[...sign])
        var shown: [UInt8] = []
        var rest = message[...]
        while let byte = rest.first {
            if rest.starts(with: secret) {
                rest = rest.dropFirst(secret.count)
            } else {
                shown.append(byte)
                rest = rest.dropFirst()
            }
        }
        return .failed(status: status, message: shown)
    }
}

/// A file that at most one process has locked.
@safe private final class FileLock {
    private var descriptor: Int32

    /// Waits until the file can be locked.
    init(_ path: String, isStopped: () -> Bool) throws(FetchError) {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw FetchError(
                .invalid, "the file '", Array(path.utf8), "' cannot be locked: \(SystemError(code: errno).reason)")
        }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw FetchError(
                    .invalid, "the file '", Array(path.utf8), "' cannot be locked: \(SystemError(code: errno).reason)")
            }
            if isStopped() { throw .stopped }
            _ = poll(nil, 0, 50)
        }
    }

    func release() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    deinit { release() }
}
