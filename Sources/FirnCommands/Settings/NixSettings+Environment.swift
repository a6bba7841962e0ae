import NixStore

/// Settings from configuration files and the environment.
extension NixSettings {
    /// The settings of this machine and user. What comes later overrides what comes before:
    ///
    /// 1. the variable NIX_ABORT_ON_WARN,
    /// 2. `nix.conf` in `$NIX_CONF_DIR`, which is /etc/nix by default,
    /// 3. the files that `$NIX_USER_CONF_FILES` names, the last one first; by default `nix/nix.conf` in the directories
    ///    of `$XDG_CONFIG_DIRS` and in `$XDG_CONFIG_HOME`,
    /// 4. the text in `$NIX_CONFIG`,
    /// 5. the search path in `$NIX_PATH`.
    static func loaded(_ environment: NixEnvironment = NixEnvironment()) throws(NixSettingError) -> NixSettings {
        var settings = NixSettings()
        if ["1", "yes", "true"].contains(environment.text("NIX_ABORT_ON_WARN")) {
            try settings.set("abort-on-warn", to: "true")
        }
        let hasSearchPath = environment.variable("NIX_PATH") != nil
        for path in [environment.systemFile] + environment.userFiles.reversed() {
            var file = NixConfigurationFile(environment.io)
            try file.read(path)
            try settings.apply(file, withSearchPath: !hasSearchPath)
        }
        if let text = environment.variable("NIX_CONFIG") {
            var file = NixConfigurationFile(environment.io)
            try file.parse(text, name: Array("NIX_CONFIG".utf8), directory: environment.directory)
            try settings.apply(file, withSearchPath: !hasSearchPath)
        }
        if let variable = environment.variable("NIX_PATH") { settings.setSearchPath(variable) }
        return settings
    }

    /// Applies a file: first the experimental features, then the other settings.
    private mutating func apply(_ file: NixConfigurationFile, withSearchPath: Bool) throws(NixSettingError) {
        let first = ["experimental-features", "extra-experimental-features"]
        for (name, value) in file.settings where first.contains(name) { try set(name, to: value) }
        for (name, value) in file.settings where !first.contains(name) {
            // NIX_PATH takes precedence over configuration files, and is applied after all of them.
            if !withSearchPath, name == "nix-path" || name == "extra-nix-path" { continue }
            try set(name, to: value)
        }
    }
}

/// Where the environment says that Nix's files are.
struct NixEnvironment {
    let io = LocalIO()
    /// The directory that relative names are relative to.
    let directory = currentDirectory()

    func variable(_ name: String) -> [UInt8]? { io.environmentVariable(Array(name.utf8)) }

    func text(_ name: String) -> String? { variable(name).map { String(decoding: $0, as: UTF8.self) } }

    private func path(_ bytes: some Sequence<UInt8>, _ rest: String = "") -> [UInt8] {
        CanonPath.absolute(Array(bytes) + Array(rest.utf8), relativeTo: directory)
    }

    /// The path in a variable that is set and not empty; else a default.
    private func path(_ name: String, or other: String) -> [UInt8] {
        variable(name).flatMap { $0.isEmpty ? nil : path($0) } ?? Array(other.utf8)
    }

    private var home: [UInt8] { io.homeDirectory ?? Array("/".utf8) }

    var systemFile: [UInt8] { path("NIX_CONF_DIR", or: "/etc/nix") + Array("/nix.conf".utf8) }

    /// The user's configuration files, the most important one first.
    var userFiles: [[UInt8]] {
        if let names = variable("NIX_USER_CONF_FILES") {
            if names.isEmpty { return [] }
            return names.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { path($0) }
        }
        let shared = variable("XDG_CONFIG_DIRS") ?? Array("/etc/xdg".utf8)
        return [path(ownDirectory, "/nix.conf")]
            + shared.split(separator: UInt8(ascii: ":")).map { path($0, "/nix/nix.conf") }
    }

    /// The registries of flakes of this user and of this machine.
    var userRegistry: [UInt8] { path(ownDirectory, "/registry.json") }
    var systemRegistry: [UInt8] { path("NIX_CONF_DIR", or: "/etc/nix") + Array("/registry.json".utf8) }

    /// The file with passwords of servers, if there is one.
    var passwordFile: String? {
        let file = path("NIX_CONF_DIR", or: "/etc/nix") + Array("/netrc".utf8)
        return (try? io.pathExists(file)) == true ? String(decoding: file, as: UTF8.self) : nil
    }

    /// The directory in which Nix keeps what it downloaded; nil without a home directory.
    var cacheDirectory: String? {
        func directory(_ name: String, _ below: String) -> String? {
            text(name).flatMap { $0.hasPrefix("/") ? $0 + below : nil }
        }
        let own = io.homeDirectory.map { String(decoding: $0, as: UTF8.self) + "/.cache/nix" }
        return directory("NIX_CACHE_HOME", "") ?? directory("XDG_CACHE_HOME", "/nix") ?? own
    }

    /// The directory of the user's configuration.
    private var ownDirectory: [UInt8] {
        variable("NIX_CONFIG_HOME") ?? (variable("XDG_CONFIG_HOME") ?? home + Array("/.config".utf8))
            + Array("/nix".utf8)
    }

    /// The entries at the end of the search path of an evaluation that is not restricted: the channels of this user and
    /// of root, as far as they exist.
    ///
    /// - Parameter usesXDGDirectories: the value of the setting `use-xdg-base-directories`.
    func channels(usesXDGDirectories: Bool) -> [[UInt8]] {
        let state =
            variable("NIX_STATE_HOME")
            ?? (variable("XDG_STATE_HOME") ?? home + Array("/.local/state".utf8)) + Array("/nix".utf8)
        let own = usesXDGDirectories ? path(state, "/defexpr/channels") : path(home, "/.nix-defexpr/channels")
        let root = path("NIX_STATE_DIR", or: "/nix/var/nix") + Array("/profiles/per-user/root/channels".utf8)
        let packages = root + Array("/nixpkgs".utf8)
        let entries = [(own, own), (packages, Array("nixpkgs=".utf8) + packages), (root, root)]
        return entries.filter {
            (try? io.resolveSymlinks($0.0, .full)).map { (try? io.pathExists($0)) == true } ?? false
        }
        .map(\.1)
    }
}
