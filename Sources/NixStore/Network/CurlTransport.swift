/// Sends requests with the program `curl`.
///
/// A program and not its library: evaluations that open no connection neither link it nor start more slowly (libcurl
/// loads two dozen other libraries), what a server sends is parsed in a process that holds nothing of an evaluation, and a
/// process can be ended at any moment.
public struct CurlTransport: DownloadTransport {
    public init() {}

    public func get(
        _ request: DownloadRequest, _ settings: NetworkSettings, isStopped: () -> Bool,
        body: (DownloadResponse, ArraySlice<UInt8>) -> Bool
    ) throws(DownloadFailure) -> DownloadResponse {
        var reader = ResponseReader()
        var isRefused = false
        // Secrets are in the configuration, which is read from standard input, because all users see arguments.
        let command = Command(
            "curl", Self.arguments(settings).map { Array($0.utf8) },
            input: Array(try Self.configuration(request, settings).utf8))
        do throws(CommandError) {
            unsafe try command.run(isStopped: isStopped) { piece in
                let isTaken = unsafe reader.feed(Array(piece), body)
                isRefused = isRefused || !isTaken
                return isTaken
            }
        } catch {
            if isRefused, reader.isMalformed {
                throw .failed("the server's answer is not one of HTTP", isTransient: false)
            }
            if isRefused { throw .tooLarge }
            throw Self.failure(error)
        }
        guard let response = reader.response else {
            throw .failed("the server's answer has no header", isTransient: true)
        }
        return response
    }

    private static func arguments(_ settings: NetworkSettings) -> [String] {
        var words = [
            // The user's own configuration could change what is printed.
            "--disable", "--silent", "--show-error", "--include", "--no-buffer", "--suppress-connect-headers",
            "--proto", "=http,https", "--connect-timeout", "\(settings.connectTimeout)", "--speed-limit", "1",
            "--speed-time", "\(max(1, settings.stalledTimeout))", "--max-filesize", "\(settings.maximumBytes)",
        ]
        if let file = settings.passwordFile { words += ["--netrc-optional", "--netrc-file", file] }
        if let file = settings.certificateFile { words += ["--cacert", file] }
        return words + ["--config", "-"]
    }

    private static func configuration(
        _ request: DownloadRequest, _ settings: NetworkSettings
    ) throws(DownloadFailure) -> String {
        var url = request.url
        var lines: [String] = []
        if let authority = url.authority, let sign = authority.lastIndex(of: UInt8(ascii: "@")) {
            let user = (try? ParsedURL.decode(authority[..<sign])) ?? []
            lines.append("user = \(try quoted(String(decoding: user, as: UTF8.self)))")
            url.authority = Array(authority[(sign + 1)...])
        }
        url.fragment = []
        let suffix = settings.userAgentSuffix.isEmpty ? "" : " \(settings.userAgentSuffix)"
        lines.append("user-agent = \(try quoted("firn/1\(suffix)"))")
        for field in request.headers { lines.append("header = \(try quoted("\(field.name): \(field.value)"))") }
        lines.append("url = \(try quoted(String(decoding: url.text, as: UTF8.self)))")
        return lines.joined(separator: "\n") + "\n"
    }

    /// A value in a configuration of curl.
    private static func quoted(_ text: String) throws(DownloadFailure) -> String {
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw .failed("a URL, password or token contains a control character", isTransient: false)
        }
        return "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
    }

    private static func failure(_ error: CommandError) -> DownloadFailure {
        switch error {
        case .stopped: return .stopped
        case .notFound: return .failed("the program 'curl' is needed, and it is not installed", isTransient: false)
        case .notAllowed: return .failed("the program 'curl' may not be run", isTransient: false)
        case .system(let code):
            return .failed("curl cannot be run: \(SystemError(code: code).reason)", isTransient: false)
        case .failed(let status, let message):
            if status == 63 { return .tooLarge }
            let line = message.prefix { $0 != UInt8(ascii: "\n") }
            // Connections that are refused, broken, too slow or cut off.
            let isTransient = [5, 6, 7, 16, 18, 28, 35, 52, 55, 56, 92].contains(status)
            let text = line.isEmpty ? "curl failed with exit code \(status)" : String(decoding: line, as: UTF8.self)
            return .failed(text, isTransient: isTransient)
        }
    }
}

/// Separates the header of an answer from its body.
struct ResponseReader {
    /// The header; nil until it is complete.
    private(set) var response: DownloadResponse?
    private(set) var isMalformed = false
    private var head: [UInt8] = []

    /// The most bytes of a header.
    private static let maximumHead = 1 << 18

    init() {}

    /// Takes the next bytes.
    ///
    /// - Returns: false if the header is none, or if `body` returned false.
    mutating func feed(_ bytes: [UInt8], _ body: (DownloadResponse, ArraySlice<UInt8>) -> Bool) -> Bool {
        if let response { return body(response, bytes[...]) }
        // The end of the header may lie across two pieces.
        let searchedFrom = max(0, head.count - 3)
        head += bytes
        while let end = Self.end(of: head, from: searchedFrom) {
            guard let parsed = Self.parse(head[..<end]) else {
                isMalformed = true
                return false
            }
            head.removeFirst(end)
            // An answer such as 100 (Continue) precedes the one that counts.
            if (100..<200).contains(parsed.status) { continue }
            response = parsed
            let rest = head
            head = []
            return rest.isEmpty || body(parsed, rest[...])
        }
        isMalformed = head.count > Self.maximumHead
        return !isMalformed
    }

    /// The index behind the empty line that ends a header.
    private static func end(of head: [UInt8], from start: Int) -> Int? {
        let newline = UInt8(ascii: "\n")
        var index = min(start, head.count)
        while index < head.count {
            if head[index] == newline {
                if index + 1 < head.count, head[index + 1] == newline { return index + 2 }
                if index + 2 < head.count, head[index + 1] == UInt8(ascii: "\r"), head[index + 2] == newline {
                    return index + 3
                }
            }
            index += 1
        }
        return nil
    }

    private static func parse(_ head: ArraySlice<UInt8>) -> DownloadResponse? {
        let lines = head.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") })
        guard let first = lines.first, first.starts(with: Array("HTTP/".utf8)) else { return nil }
        let words = first.split(separator: UInt8(ascii: " "))
        guard words.count > 1, let status = Int(String(decoding: words[1], as: UTF8.self)) else { return nil }
        var response = DownloadResponse(status: status)
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = line[(colon + 1)...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            response.fields[name] = Array(value)
        }
        return response
    }
}
