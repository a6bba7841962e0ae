/// One request to a server.
public struct DownloadRequest: Sendable {
    /// The URL, of `http` or `https`.
    public var url: ParsedURL
    /// Further header fields.
    public var headers: [(name: String, value: String)]

    public init(url: ParsedURL, headers: [(name: String, value: String)] = []) {
        self.url = url
        self.headers = headers
    }
}

/// The status and header of a server's answer.
public struct DownloadResponse: Sendable, Equatable {
    public var status: Int
    /// The header fields by their names in lower case. Of several with one name, the last counts.
    public var fields: [String: [UInt8]]

    public init(status: Int, fields: [String: [UInt8]] = [:]) {
        self.status = status
        self.fields = fields
    }
}

/// Why a request has no answer.
public enum DownloadFailure: Error, Sendable {
    /// The caller stopped.
    case stopped
    /// The answer has more bytes than allowed.
    case tooLarge
    /// What went wrong, and whether it may go right the next time.
    case failed(String, isTransient: Bool)
}

/// Sends requests to servers.
public protocol DownloadTransport: Sendable {
    /// Sends a request and receives the answer. Redirections are not followed.
    ///
    /// - Parameters:
    ///   - request: the request.
    ///   - settings: timeouts, certificates and passwords.
    ///   - isStopped: called at least ten times a second; returning true ends the request.
    ///   - body: called with the answer and a piece of its body, in order. Returning false ends the request.
    /// - Throws: why there is no complete answer.
    func get(
        _ request: DownloadRequest, _ settings: NetworkSettings, isStopped: () -> Bool,
        body: (DownloadResponse, ArraySlice<UInt8>) -> Bool
    ) throws(DownloadFailure) -> DownloadResponse
}
