import NixEval
import NixStore

/// The cache of compiled programs of this user.
public enum UserCache {
    /// `$FIRN_CACHE_DIR`, else `firn` in `$XDG_CACHE_HOME`, else in `~/.cache`; nil without a home directory. A
    /// variable whose value does not begin with `/` is ignored.
    public static var directory: String? {
        let io = LocalIO()
        func variable(_ name: String) -> String? {
            io.environmentVariable(Array(name.utf8)).map { String(decoding: $0, as: UTF8.self) }
                .flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        let home = io.homeDirectory.map { String(decoding: $0, as: UTF8.self) + "/.cache/firn" }
        return variable("FIRN_CACHE_DIR") ?? variable("XDG_CACHE_HOME").map { $0 + "/firn" } ?? home
    }

    /// The automatic images in this directory.
    public static var images: ImageFolder? { directory.map { ImageFolder(directory: $0) } }

    /// The cache in this directory.
    @Sendable static func programs() -> DiskCache? { directory.map { DiskCache(directory: $0) } }
}
