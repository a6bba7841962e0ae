/// What fetchers may do on the network, and how.
///
/// Fetchers without settings open no connection.
public struct NetworkSettings: Sendable {
    /// The directory in which downloads are kept: files in `downloads`.
    public var cacheDirectory: String
    /// The directory in which Git repositories are kept as Nix keeps them: `gitv3` in Nix's cache.
    public var repositoryDirectory: String
    /// The seconds for which the answer to a URL or the commit of a branch counts as current (`tarball-ttl`); 0 asks
    /// the server each time.
    public var timeToLive: Int64 = 3600
    /// Secrets by host, or by host and path, such as `github.com/owner` (`access-tokens`).
    public var accessTokens: [String: String] = [:]
    /// The file with passwords by host (`netrc-file`); nil for none.
    public var passwordFile: String?
    /// The file with the certificates of authorities that are trusted (`ssl-cert-file`); nil for those of the system.
    public var certificateFile: String?
    /// The seconds that connecting to a server may take (`connect-timeout`).
    public var connectTimeout = 15
    /// The seconds after which a download without progress ends (`stalled-download-timeout`).
    public var stalledTimeout = 300
    /// How often a download that failed for a reason that may pass is tried (`download-attempts`).
    public var attempts = 5
    /// The milliseconds before the second attempt. The time doubles with each further one.
    public var retryDelay = 250
    /// The most bytes of one download.
    public var maximumBytes = 4 << 30
    /// The most bytes of an archive after it was decompressed.
    public var maximumUnpackedBytes = 16 << 30
    /// The most redirections of one download.
    public var maximumRedirections = 10
    /// What follows the name of this program where it tells servers who it is (`user-agent-suffix`).
    public var userAgentSuffix = ""
    /// What downloads.
    public var transport: any DownloadTransport = CurlTransport()

    /// - Parameters:
    ///   - cacheDirectory: the absolute path of the directory for downloads, which is made when it is needed.
    ///   - repositoryDirectory: the same for Git repositories.
    public init(cacheDirectory: String, repositoryDirectory: String) {
        self.cacheDirectory = cacheDirectory
        self.repositoryDirectory = repositoryDirectory
    }

    /// The secret for a URL without its scheme: that of the longest path that leads to it, else that of its host.
    func accessToken(host: String, path: String) -> String? {
        let place = "\(host)/\(path)"
        let fitting = accessTokens.filter { place == $0.key || place.hasPrefix("\($0.key)/") }
        return fitting.max { $0.key.utf8.count < $1.key.utf8.count }?.value
    }
}
