import Glibc
import MessageText

/// Downloads files, and keeps them.
struct Downloader {
    let settings: NetworkSettings
    /// Polled while a request runs; returning true ends it.
    let isStopped: () -> Bool

    /// A file that was downloaded.
    struct File {
        /// Where it lies.
        let path: [UInt8]
        /// The URL that always gives the same file, if the server named one.
        let lockedURL: ParsedURL?
    }

    /// The file of a URL: a kept one if it is current, else what the server gives.
    ///
    /// - Parameters:
    ///   - url: the URL, of `http` or `https`.
    ///   - headers: further header fields, such as a secret. They are sent to the origin of the URL alone.
    ///   - isFixed: whether the URL always gives the same file, so that a kept one is always current.
    /// - Throws: why there is no file.
    func file(
        _ url: ParsedURL, headers: [(name: String, value: String)] = [], isFixed: Bool = false
    ) throws(FetchError) -> File {
        let cache = DownloadCache(directory: settings.cacheDirectory)
        let kept = cache.entry(url)
        if let kept, isFixed || kept.age < settings.timeToLive { return File(kept, cache) }
        do throws(FetchError) {
            return try download(url, headers, kept, cache)
        } catch {
            // What is kept may be old, but the server cannot be asked. Nix goes on with it, too.
            guard error.kind == .unreachable, let kept else { throw error }
            return File(kept, cache)
        }
    }

    private func download(
        _ url: ParsedURL, _ headers: [(name: String, value: String)], _ kept: DownloadCache.Entry?,
        _ cache: DownloadCache
    ) throws(FetchError) -> File {
        let writer = try DownloadWriter(cache)
        var fields = headers
        if let tag = kept?.tag { fields.append(("If-None-Match", tag)) }
        let response = try followed(url, fields, writer)
        if response.status == 304, let kept {
            cache.touch(url)
            return File(kept, cache)
        }
        var entry = DownloadCache.Entry()
        entry.tag = response.fields["etag"].flatMap { Self.printable($0) }
        entry.lockedURL = response.fields["link"].flatMap { Self.lockedURL($0, relativeTo: url) }
        try writer.keep(as: url, &entry)
        return File(entry, cache)
    }

    /// Sends a request and those that it is redirected to, each several times if need be.
    private func followed(
        _ start: ParsedURL, _ headers: [(name: String, value: String)], _ writer: DownloadWriter
    ) throws(FetchError) -> DownloadResponse {
        var request = DownloadRequest(url: start, headers: headers)
        for _ in 0...settings.maximumRedirections {
            try check(request.url)
            let response = try attempt(request, writer)
            guard [301, 302, 303, 307, 308].contains(response.status) else { return response }
            guard let location = response.fields["location"] else {
                throw error(start, "the server redirects to no address")
            }
            let next = try request.url.resolving(location)
            if !next.hasOrigin(of: request.url) {
                request.headers.removeAll { !Self.isForAllServers($0.name) }
            }
            request.url = next
        }
        throw error(start, "the server redirects more than \(settings.maximumRedirections) times")
    }

    /// Whether a header field tells a server no secret.
    private static func isForAllServers(_ name: String) -> Bool { name == "If-None-Match" || name == "Accept" }

    private func check(_ url: ParsedURL) throws(FetchError) {
        guard url.scheme == "http" || url.scheme == "https" else {
            throw error(url, "only http and https are downloaded, and it leads to '\(url.scheme)'")
        }
        guard url.withoutCredentials.authority?.isEmpty == false else { throw error(url, "it names no server") }
    }

    private func attempt(
        _ request: DownloadRequest, _ writer: DownloadWriter
    ) throws(FetchError) -> DownloadResponse {
        var delay = settings.retryDelay
        for number in 1...max(1, settings.attempts) {
            let isLast = number >= settings.attempts
            do throws(DownloadFailure) {
                let response = try send(request, writer)
                switch response.status {
                case 200, 304, 301, 302, 303, 307, 308: return response
                case 408 where !isLast, 429 where !isLast, 500...599 where !isLast: break
                default: throw DownloadFailure.failed("HTTP error \(response.status)", isTransient: false)
                }
            } catch {
                switch error {
                case .stopped: throw .stopped
                case .tooLarge:
                    throw self.error(request.url, "it has more than the \(settings.maximumBytes) bytes of a download")
                case .failed(let reason, let isTransient):
                    if isTransient, isLast { throw self.error(request.url, reason, .unreachable) }
                    if !isTransient { throw self.error(request.url, reason) }
                }
            }
            try wait(milliseconds: delay)
            delay *= 2
        }
        throw error(request.url, "the server does not answer", .unreachable)
    }

    private func send(_ request: DownloadRequest, _ writer: DownloadWriter) throws(DownloadFailure) -> DownloadResponse
    {
        writer.reset()
        var code: Int32 = 0
        let response: DownloadResponse
        do throws(DownloadFailure) {
            response = try settings.transport.get(request, settings, isStopped: isStopped) { response, piece in
                // The text of an error is not kept, but must not be endless.
                guard writer.byteCount + piece.count <= settings.maximumBytes else { return false }
                code = writer.write(piece)
                return code == 0
            }
        } catch {
            if code != 0 {
                throw .failed("it cannot be written: \(SystemError(code: code).reason)", isTransient: false)
            }
            throw error
        }
        return response
    }

    private func wait(milliseconds: Int) throws(FetchError) {
        var left = milliseconds
        while left > 0 {
            if isStopped() { throw .stopped }
            _ = poll(nil, 0, Int32(min(left, 50)))
            left -= 50
        }
        if isStopped() { throw .stopped }
    }

    private func error(_ url: ParsedURL, _ reason: String, _ kind: FetchError.Kind = .invalid) -> FetchError {
        FetchError(kind, "unable to download '", url.withoutCredentials.text, "': \(reason)")
    }

    /// The text of an entity tag; nil if it cannot be sent back in a header.
    private static func printable(_ bytes: [UInt8]) -> String? {
        guard bytes.count < 1024, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The target of the relation `immutable` in a header field `Link: <URL>; rel="immutable"`.
    private static func lockedURL(_ link: [UInt8], relativeTo url: ParsedURL) -> ParsedURL? {
        for part in link.split(separator: UInt8(ascii: ",")) {
            guard let begin = part.firstIndex(of: UInt8(ascii: "<")), let end = part.firstIndex(of: UInt8(ascii: ">")),
                begin < end
            else { continue }
            let rest = String(decoding: part[(end + 1)...], as: UTF8.self).filter { $0 != " " }
            guard rest.contains("rel=\"immutable\"") || rest.contains("rel=immutable") else { continue }
            return try? url.resolving(Array(part[(begin + 1)..<end]))
        }
        return nil
    }
}

extension Downloader.File {
    init(_ entry: DownloadCache.Entry, _ cache: DownloadCache) {
        path = Array(cache.dataPath(entry.name).utf8)
        lockedURL = entry.lockedURL
    }
}
