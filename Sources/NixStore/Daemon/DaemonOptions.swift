/// What a client tells the daemon about builds. The defaults are those of Nix.
public struct DaemonOptions: Sendable, Equatable, Codable {
    /// Whether what others have built is downloaded (`substitute`).
    public var substitutes = true
    /// Whether to build what could not be downloaded (`fallback`).
    public var fallsBack = false
    /// Whether the directories of failed builds are kept (`keep-failed`).
    public var keepsFailed = false
    /// The number of builds at a time (`max-jobs`).
    public var jobs = 1
    /// The number of processors for one build; 0 for all (`cores`).
    public var cores = 0
    /// The seconds that a build may be silent; 0 for no limit (`max-silent-time`).
    public var silentSeconds = 0
    /// The seconds that a build may take; 0 for no limit (`timeout`).
    public var buildSeconds = 0

    public init() {}

    /// The request that sets the options.
    var request: [UInt8] {
        var request = WireWriter()
        request.operation(.setOptions)
        request.flag(keepsFailed)
        // Whether to go on after a failed build: the others are needed, too.
        request.flag(true)
        request.flag(fallsBack)
        // The verbosity: warnings.
        for number in [1, jobs, silentSeconds] { request.number(number) }
        // Obsolete; the verbosity of builds; two obsolete ones.
        for number in [1, 0, 0, 0, cores] { request.number(number) }
        request.flag(substitutes)
        // Other settings by name.
        request.number(buildSeconds == 0 ? 0 : 1)
        if buildSeconds != 0 {
            request.text(Array("timeout".utf8))
            request.text(Array("\(buildSeconds)".utf8))
        }
        return request.bytes
    }
}
