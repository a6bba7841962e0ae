/// The language features that `parse` accepts, and its limits.
public struct ParseOptions: Sendable {
    /// Whether `|>` and `<|` are operators: Nix's experimental feature `pipe-operators`.
    public var pipeOperators: Bool
    /// The largest source in bytes; capped at `ParseOptions.largestSource`.
    public var maximumSourceSize: Int
    /// The deepest nesting that a tree may have; capped at `SyntaxTree.maximumDepth`.
    public var maximumDepth: Int
    /// The parser's poll, called about every 50 µs. Its argument is the number of bytes that the parser's tables take
    /// or will take before the next poll. When it returns true, parsing ends with a `cancelled` error.
    public var shouldCancel: (@Sendable (_ bytes: Int) -> Bool)?

    /// 1 GiB. Offsets and node indices have 32 bits, and a byte gives rise to at most two nodes.
    public static let largestSource = 1 << 30

    public init(
        pipeOperators: Bool = false, maximumSourceSize: Int = ParseOptions.largestSource,
        maximumDepth: Int = SyntaxTree.maximumDepth, shouldCancel: (@Sendable (_ bytes: Int) -> Bool)? = nil
    ) {
        self.pipeOperators = pipeOperators
        self.maximumSourceSize = maximumSourceSize
        self.maximumDepth = maximumDepth
        self.shouldCancel = shouldCancel
    }
}
