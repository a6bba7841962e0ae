/// The prepared set that a job starts from.
struct PreparedStart: Sendable {
    let set: PreparedSet
    let image: PreparedImage
}
