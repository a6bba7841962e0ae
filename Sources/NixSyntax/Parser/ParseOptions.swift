/// What `parse` accepts and when it gives up.
public struct ParseOptions: Sendable {
    /// Whether `|>` and `<|` are operators: Nix's experimental feature `pipe-operators`.
    public var pipeOperators: Bool
    /// Largest source in bytes. Never more than `ParseOptions.largestSource`, whatever is given.
    public var maximumSourceSize: Int
    /// Levels of nesting that a tree may have at most. Never more than `SyntaxTree.maximumDepth`, whatever is given.
    public var maximumDepth: Int
    /// Asked now and then while parsing, with the bytes that the parser's tables take or will take before it asks again;
    /// true ends it with a `cancelled` error.
    public var mustStop: (@Sendable (_ bytes: Int) -> Bool)?

    /// Offsets and indices are 32 bits wide, and a token gives rise to at most a few nodes.
    public static let largestSource = 1 << 30

    public init(
        pipeOperators: Bool = false, maximumSourceSize: Int = ParseOptions.largestSource,
        maximumDepth: Int = SyntaxTree.maximumDepth, mustStop: (@Sendable (_ bytes: Int) -> Bool)? = nil
    ) {
        self.pipeOperators = pipeOperators
        self.maximumSourceSize = maximumSourceSize
        self.maximumDepth = maximumDepth
        self.mustStop = mustStop
    }
}
