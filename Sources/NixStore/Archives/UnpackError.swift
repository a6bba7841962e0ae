/// Why an archive cannot be unpacked.
public enum UnpackError: Error, Sendable {
    /// What is wrong with the archive, as a predicate that follows its name: `is cut off`.
    case malformed([UInt8])
    case io(EvalIOError)
    /// The caller's `proceed` returned false.
    case stopped

    static func malformed(_ text: String) -> UnpackError { .malformed(Array(text.utf8)) }

    static func malformed(_ before: String, _ name: [UInt8], _ after: String) -> UnpackError {
        .malformed(Array(before.utf8) + name + Array(after.utf8))
    }
}
