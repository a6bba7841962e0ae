/// Where a worker keeps the images of its prepared sets, and what making one may take.
public struct ImageSettings: Sendable, Hashable {
    /// The directory of the images, which several workers of one user may share.
    public var directory: String
    /// The bytes of all images. Above that, those used least recently are removed.
    public var maximumBytes = 16 << 30
    /// The memory limit of an evaluation that makes an image.
    public var memoryBytes = 4 << 30
    /// How long making an image may take.
    public var timeout = Duration.seconds(900)

    public init(directory: String) { self.directory = directory }
}
