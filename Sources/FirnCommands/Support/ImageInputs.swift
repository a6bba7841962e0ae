import NixEval

/// The inputs of an evaluation as far as they decide which image it may continue from.
struct ImageInputs {
    var digest = ImageSession.Request()
    /// The number of files and expressions.
    var count: Int
}
