import Glibc

/// Why an image cannot be used, or not be made.
public enum ImageError: Error, Equatable, Sendable {
    /// There is no such file.
    case absent
    /// The file cannot be opened or read, for a reason of the system.
    case unreadable(String)
    /// The file is not a regular file of this user that nobody else can write.
    case untrusted
    /// The file is no image, or its contents are not those that were written.
    case damaged
    /// Another build of Firn wrote the file.
    case otherBuild
    /// Something that the image was made from has changed.
    case outdated(String)
    /// The image's place in the address space is taken, or too large for what the system grants.
    case noRoom
    /// The evaluation depends on something that an image cannot hold.
    case unsupported(String)
    /// The file cannot be written.
    case unwritable(String)

    /// The system's text for an error number.
    static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

    /// What is wrong, without the name of the file.
    public var text: String {
        switch self {
        case .absent: "there is no such image"
        case .unreadable(let reason): "the image cannot be read: \(reason)"
        case .untrusted: "the image is not a regular file of this user that only this user can write"
        case .damaged: "the image is damaged; remove it or build it again"
        case .otherBuild: "the image was written by another build of firn; build it again"
        case .outdated(let reason): "the image is out of date: \(reason); build it again"
        case .noRoom: "the image's place in the address space is taken, or the system grants too little of it"
        case .unsupported(let reason): "no image can be made: \(reason)"
        case .unwritable(let reason): "the image cannot be written: \(reason)"
        }
    }
}
