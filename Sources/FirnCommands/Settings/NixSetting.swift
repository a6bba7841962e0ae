/// A setting of Nix, which configuration files, the environment and the command line can give.
///
/// The table has all settings of Nix, although most concern builds, downloads and stores and have no effect here: so that
/// what is written for Nix is taken, and only what Nix does not know either is warned of.
struct NixSetting {
    /// What a setting accepts.
    enum Kind {
        /// `true` or `false`, and on the command line `--NAME` or `--no-NAME`.
        case boolean
        /// An integer with an optional unit (K, M, G or T).
        case number
        case text
        /// Words, to which `extra-NAME` appends.
        case list
    }

    let name: String
    let kind: Kind

    /// The setting with a name or a former name; nil if Nix has none.
    static func named(_ name: String) -> NixSetting? {
        let current = formerNames[name] ?? name
        return kinds[current].map { NixSetting(name: current, kind: $0) }
    }

    private static let kinds: [String: Kind] = {
        var kinds: [String: Kind] = [:]
        for (kind, names) in [
            (Kind.boolean, booleans), (.number, numbers), (.text, texts), (.list, lists),
        ] {
            for name in names.split(whereSeparator: \.isWhitespace) { kinds[String(name)] = kind }
        }
        return kinds
    }()

    private static let booleans = """
        abort-on-warn accept-flake-config allow-dirty allow-dirty-locks allow-import-from-derivation allow-new-privileges
        allow-symlinked-store allow-unsafe-native-code-during-evaluation always-allow-substitutes auto-allocate-uids
        auto-optimise-store builders-use-substitutes compress-build-log darwin-log-sandbox-violations debugger-on-trace
        debugger-on-warn eval-cache fallback filetransfer-retry-jitter filter-syscalls fsync-metadata fsync-store-paths
        http2 http3 ignore-try impersonate-linux-26 keep-build-log keep-derivations keep-env-derivations keep-failed
        keep-going keep-outputs nix-shell-always-looks-for-shell-nix nix-shell-shebang-arguments-relative-to-script
        preallocate-contents print-missing pure-eval require-drop-supplementary-groups require-sigs restrict-eval
        run-diff-hook sandbox sandbox-fallback show-trace substitute sync-before-registering trace-function-calls
        trace-import-from-derivation trace-verbose trust-tarballs-from-git-forges use-case-hack use-cgroups use-registries
        use-sqlite-wal use-xdg-base-directories warn-dirty warn-short-path-literals
        """

    private static let numbers = """
        build-hook-kill-timeout build-poll-interval connect-timeout cores download-buffer-size download-speed
        eval-attrset-update-layer-rhs-threshold eval-profiler-frequency filetransfer-retry-attempts
        filetransfer-retry-delay filetransfer-retry-delay-rate-limited filetransfer-retry-max-delay gc-reserved-space
        http-connections id-count log-lines max-build-log-size max-call-depth max-free max-silent-time
        max-substitution-jobs min-free min-free-check-interval nar-buffer-size narinfo-cache-meta-ttl
        narinfo-cache-negative-ttl narinfo-cache-positive-ttl stalled-download-timeout start-id tarball-ttl timeout
        warn-large-path-threshold
        """

    private static let texts = """
        bash-prompt bash-prompt-prefix bash-prompt-suffix build-dir build-users-group builders commit-lock-file-summary
        diff-hook eval-profile-file eval-profiler eval-system external-builders flake-registry json-log-path
        lint-absolute-path-literals lint-short-path-literals lint-url-literals max-jobs netrc-file post-build-hook
        pre-build-hook sandbox-build-dir sandbox-dev-shm-size ssl-cert-file store system upgrade-nix-store-path-url
        user-agent-suffix
        """

    private static let lists = """
        access-tokens allowed-impure-host-deps allowed-uris allowed-users build-hook experimental-features extra-platforms
        hashed-mirrors ignored-acls impure-env nix-path plugin-files sandbox-paths secret-key-files substituters
        system-features trusted-public-keys trusted-substituters trusted-users
        """

    private static let formerNames = [
        "binary-cache-public-keys": "trusted-public-keys", "binary-caches": "substituters",
        "binary-caches-parallel-connections": "http-connections", "build-chroot-dirs": "sandbox-paths",
        "build-compress-log": "compress-build-log", "build-cores": "cores", "build-fallback": "fallback",
        "build-impersonate-linux-26": "impersonate-linux-26", "build-keep-log": "keep-build-log",
        "build-max-jobs": "max-jobs", "build-max-log-size": "max-build-log-size",
        "build-max-silent-time": "max-silent-time", "build-sandbox-paths": "sandbox-paths", "build-timeout": "timeout",
        "build-use-chroot": "sandbox", "build-use-sandbox": "sandbox", "build-use-substitutes": "substitute",
        "commit-lockfile-summary": "commit-lock-file-summary", "download-attempts": "filetransfer-retry-attempts",
        "env-keep-derivations": "keep-env-derivations", "gc-keep-derivations": "keep-derivations",
        "gc-keep-outputs": "keep-outputs", "substitution-max-jobs": "max-substitution-jobs",
        "trusted-binary-caches": "trusted-substituters",
    ]
}
