/// The operator's binary cache.
public struct ClosureCacheSettings: Sendable, Hashable {
    /// How archives are compressed.
    public enum Compression: String, Sendable, Hashable, CaseIterable {
        case none, xz
    }

    /// The directory, which is created if it does not exist.
    public var directory: String
    /// The file of the key that signs, as `nix-store --generate-binary-cache-key` makes it; nil to sign nothing.
    public var secretKeyFile: String?
    public var compression = Compression.none

    public init(directory: String, secretKeyFile: String? = nil, compression: Compression = .none) {
        self.directory = directory
        self.secretKeyFile = secretKeyFile
        self.compression = compression
    }
}
