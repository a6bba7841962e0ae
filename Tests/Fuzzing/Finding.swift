/// Something that must not be: what was run, and what is wrong with it.
public struct Finding: Sendable, Equatable {
    /// In a word or two, equal for findings that are alike.
    public var kind: String
    public var text: String

    public init(_ kind: String, _ text: String) {
        self.kind = kind
        self.text = text
    }
}
