import NixStore

/// The settings of Nix that concern downloads.
struct DownloadSettings {
    /// `access-tokens`: secrets by host, or by host and path.
    private(set) var tokens: [String: String] = [:]
    /// `netrc-file`; nil for the default.
    var passwordFile: String?
    /// `ssl-cert-file`; nil for the default.
    var certificateFile: String?
    /// `user-agent-suffix`.
    var userAgentSuffix = ""
    private var numbers: [String: Int] = [:]

    mutating func set(_ name: String, _ number: Int) { numbers[name] = number }

    /// Sets tokens from words of the form HOST=TOKEN. Others are ignored, as in Nix.
    mutating func setTokens(_ words: [String], appends: Bool) {
        if !appends { tokens = [:] }
        for word in words {
            guard let equals = word.firstIndex(of: "=") else { continue }
            tokens[String(word[..<equals])] = String(word[word.index(after: equals)...])
        }
    }

    /// The settings as the fetchers take them; nil if there is no directory for what is downloaded.
    func network() -> NetworkSettings? {
        let environment = NixEnvironment()
        guard let cache = UserCache.directory, let repositories = environment.cacheDirectory else { return nil }
        var network = NetworkSettings(cacheDirectory: cache, repositoryDirectory: repositories)
        network.accessTokens = tokens
        network.passwordFile = passwordFile ?? environment.passwordFile
        network.certificateFile = certificateFile ?? environment.text("NIX_SSL_CERT_FILE")
        network.userAgentSuffix = userAgentSuffix
        let seconds = 1 << 30
        if let value = numbers["tarball-ttl"] { network.timeToLive = Int64(value) }
        if let value = numbers["connect-timeout"], value > 0 { network.connectTimeout = min(value, seconds) }
        if let value = numbers["stalled-download-timeout"], value > 0 { network.stalledTimeout = min(value, seconds) }
        if let value = numbers["filetransfer-retry-attempts"] { network.attempts = max(1, min(value, 1000)) }
        if let value = numbers["filetransfer-retry-delay"] { network.retryDelay = min(value, 60_000) }
        return network
    }
}
