import Synchronization

/// The choice of the store's directory, which a process makes at most once and before it computes a store path.
public enum StoreDirectory {
    /// The directory without a choice.
    public static let standard = Array("/nix/store".utf8)

    private struct Choice {
        var path = StoreDirectory.standard
        var isSettled = false
    }

    private static let choice = Mutex(Choice())

    /// Chooses the directory.
    ///
    /// - Parameter path: a canonical path.
    /// - Returns: false if store paths were computed with another directory before.
    public static func choose(_ path: [UInt8]) -> Bool {
        choice.withLock { choice in
            if choice.isSettled { return choice.path == path }
            choice.path = path
            return true
        }
    }

    /// The directory, which can no longer be chosen afterwards.
    static func settled() -> [UInt8] {
        choice.withLock { choice in
            choice.isSettled = true
            return choice.path
        }
    }
}
