import NixEval
import NixSyntax
import NixVM

/// The values of those settings of Nix that have an effect on evaluations.
package struct NixSettings {
    package private(set) var features: Set<String> = []
    /// `pure-eval`.
    private(set) var isPure = false
    /// `restrict-eval`.
    private(set) var isRestricted = false
    private(set) var allowedURIs: [String] = []
    /// `nix-path`: entries of the search path after those of `-I`.
    private(set) var searchPath: [[UInt8]] = []
    /// `max-call-depth`; nil if nothing gives it.
    package private(set) var maximumCallDepth: Int?
    private(set) var abortsOnWarning = false
    private(set) var tracesVerbosely = false
    package private(set) var showsTrace = false
    private(set) var allowsDirtyTrees = true
    private(set) var warnsOfDirtyTrees = true
    private(set) var usesXDGDirectories = false
    /// `use-registries`.
    private(set) var usesRegistries = true
    /// `flake-registry`; nil for the default, which is on the network.
    private(set) var flakeRegistry: String?
    /// The settings of downloads.
    private(set) var downloads = DownloadSettings()
    private(set) var lints = LiteralLints()
    private var system = OwnSystem.name
    /// `eval-system`; empty for that of `system`.
    private var evaluatedSystem = ""
    /// The settings that were given and that Nix does not have.
    private var unknown: Set<String> = []
    /// What is to be said of settings that were given.
    private var messages: [String] = []
    /// Whether `lint-short-path-literals` was given, over which its predecessor has no say.
    private var hasShortPathLint = false

    /// The value of `builtins.currentSystem`.
    package var currentSystem: String { evaluatedSystem.isEmpty ? system : evaluatedSystem }

    /// The entries of the search path that the settings and this machine's channels give, after those of `-I`.
    package var inheritedSearchPath: [[UInt8]] {
        searchPath + (isRestricted ? [] : NixEnvironment().channels(usesXDGDirectories: usesXDGDirectories))
    }

    /// The warnings about what was given, the unknown settings last and in the order of their names.
    var warnings: [String] { messages + unknown.sorted().map { "unknown setting '\($0)'" } }

    mutating func warn(_ message: String) { messages.append(message) }

    /// Gives a setting a value. A setting that Nix does not have is noted for `warnings`.
    ///
    /// - Parameter name: the name, or `extra-` and that of a list to which the value is appended.
    /// - Throws: why the value is not one of the setting.
    mutating func set(_ name: String, to value: String) throws(NixSettingError) {
        if let setting = NixSetting.named(name) { return try set(setting, to: value, appends: false) }
        guard name.hasPrefix("extra-"), let setting = NixSetting.named(String(name.dropFirst("extra-".count))),
            setting.kind == .list
        else {
            unknown.insert(name)
            return
        }
        try set(setting, to: value, appends: true)
    }

    private mutating func set(_ setting: NixSetting, to value: String, appends: Bool) throws(NixSettingError) {
        switch setting.kind {
        case .boolean: try setBoolean(setting.name, value)
        case .number:
            let number = try Self.number(setting.name, value)
            if setting.name == "max-call-depth" { maximumCallDepth = number }
            downloads.set(setting.name, number)
        case .text: try setText(setting.name, value)
        case .list: setList(setting.name, Self.words(value), appends: appends)
        }
    }

    private mutating func setBoolean(_ name: String, _ text: String) throws(NixSettingError) {
        if name == "sandbox", text == "relaxed" { return }
        let value: Bool
        switch text {
        case "true", "yes", "1": value = true
        case "false", "no", "0": value = false
        default: throw NixSettingError("Boolean setting '\(name)' has invalid value '\(text)'")
        }
        switch name {
        case "abort-on-warn": abortsOnWarning = value
        case "allow-dirty": allowsDirtyTrees = value
        case "pure-eval": isPure = value
        case "restrict-eval": isRestricted = value
        case "show-trace": showsTrace = value
        case "trace-verbose": tracesVerbosely = value
        case "use-registries": usesRegistries = value
        case "use-xdg-base-directories": usesXDGDirectories = value
        case "warn-dirty": warnsOfDirtyTrees = value
        case "warn-short-path-literals":
            let level = value ? LiteralLints.Level.warn : .ignore
            warn("'\(name)' is deprecated, use 'lint-short-path-literals = \(level.rawValue)' instead")
            if !hasShortPathLint { lints.shortPaths = level }
        default: break
        }
    }

    private mutating func setText(_ name: String, _ value: String) throws(NixSettingError) {
        switch name {
        case "eval-system": evaluatedSystem = value
        case "flake-registry": flakeRegistry = value
        case "netrc-file": downloads.passwordFile = value
        case "ssl-cert-file": downloads.certificateFile = value
        case "user-agent-suffix": downloads.userAgentSuffix = value
        case "system": system = value
        case "lint-absolute-path-literals": lints.absolutePaths = try Self.level(name, value)
        case "lint-short-path-literals":
            lints.shortPaths = try Self.level(name, value)
            hasShortPathLint = true
        case "lint-url-literals": lints.urls = try Self.level(name, value)
        case "max-jobs": if value != "auto" { _ = try Self.number(name, value) }
        default: break
        }
    }

    private mutating func setList(_ name: String, _ words: [String], appends: Bool) {
        switch name {
        case "access-tokens": downloads.setTokens(words, appends: appends)
        case "allowed-uris": allowedURIs = (appends ? allowedURIs : []) + words
        case "experimental-features": features = (appends ? features : []).union(known(words))
        case "nix-path": searchPath = (appends ? searchPath : []) + words.map { Array($0.utf8) }
        default: break
        }
    }

    /// The features among the words that Nix has. Of the others there is a warning, as in Nix.
    private mutating func known(_ words: [String]) -> Set<String> {
        var known: Set<String> = []
        for word in Set(words).sorted() {
            if ExperimentalFeature.known.contains(word) {
                known.insert(word)
            } else if word == "no-url-literals" {
                warn(
                    "experimental feature '\(word)' has been stabilized and renamed; use 'lint-url-literals = fatal' "
                        + "setting instead")
            } else {
                warn("unknown experimental feature '\(word)'")
            }
        }
        return known
    }

    /// Replaces the search path by that of the environment variable NIX_PATH.
    mutating func setSearchPath(_ variable: [UInt8]) { searchPath = SearchPath.entries(variable) }

    private static func number(_ name: String, _ text: String) throws(NixSettingError) -> Int {
        var digits = text[...]
        var shift = 0
        if let unit = "KMGT".firstIndex(of: Character(text.last?.uppercased() ?? " ")) {
            shift = 10 * ("KMGT".distance(from: "KMGT".startIndex, to: unit) + 1)
            digits = digits.dropLast()
        }
        guard let number = Int(digits), number >= 0, number <= Int.max >> shift else {
            throw NixSettingError("setting '\(name)' has invalid value '\(text)'")
        }
        return number << shift
    }

    private static func level(_ name: String, _ text: String) throws(NixSettingError) -> LiteralLints.Level {
        guard let level = LiteralLints.Level(rawValue: text) else {
            throw NixSettingError(
                "option '\(name)' has invalid value '\(text)' (expected 'ignore', 'warn', or 'fatal')")
        }
        return level
    }

    /// The words of a text, separated by white space.
    static func words(_ text: String) -> [String] {
        text.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" || $0 == "\r\n" }.map(String.init)
    }
}

/// Why a setting or a configuration file cannot be used.
struct NixSettingError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
