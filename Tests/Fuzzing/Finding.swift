/// A violated expectation: what was run, and what is wrong with it.
public struct Finding: Sendable, Equatable {
    /// A short classification; similar findings have the same kind.
    public var kind: String
    public var text: String

    public init(_ kind: String, _ text: String) {
        self.kind = kind
        self.text = text
    }
}
