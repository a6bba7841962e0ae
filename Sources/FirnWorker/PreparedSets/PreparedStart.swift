/// The prepared set that a job starts from.
struct PreparedStart: Sendable {
    let set: PreparedSet
    /// The set's index in the configuration; 0 where there is no other process to be told of it.
    var index = 0
    let image: PreparedImage
}
