import Foundation

/// What an attempt uploads of its job's store objects.
public enum UploadOperation: Sendable {
    /// Keeps a list of objects under the number of its upload, unless `list` is nil, and asks which of the objects are
    /// complete in the job's run.
    case offer(list: Data?, number: Int64, names: [Data])
    /// Appends bytes of objects. Those that end are complete, and so found by later offers and by readers, when all of
    /// it is on disk.
    case append([ObjectBytes])
    /// Drops the attempt's lists and the bytes of its incomplete object.
    case discard
}

/// Consecutive bytes of one object.
public struct ObjectBytes: Sendable {
    public let name: Data
    public let bytes: Data
    /// The length of the whole object if it ends with these bytes.
    public let length: Int64?

    public init(name: Data, bytes: Data, length: Int64?) {
        self.name = name
        self.bytes = bytes
        self.length = length
    }
}
