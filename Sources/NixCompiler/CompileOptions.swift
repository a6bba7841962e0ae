/// What the result of a compilation depends on besides the source.
public struct CompileOptions: Sendable {
    /// Names of the global scope (`builtins`, `map`, `true`, `__sub`). A variable that no lexical scope binds and that
    /// is one of these becomes a `Constant.global`. It takes precedence over `with`.
    public var globals: GlobalNames
    /// Names that `scopedImport` adds, which shadow globals; nil for an ordinary import. If not nil, the top level
    /// takes one argument: the set with these attributes.
    public var scopeNames: [[UInt8]]?
    /// Whether every expression that Nix delays becomes a thunk, so that values that are printed without being forced show
    /// what Nix shows. Otherwise small values are made at once, which costs less than their thunks.
    public var delaysLikeNix: Bool
    /// The compiler's poll, called about every 50 µs. Its argument is the number of bytes that the compiler's tables
    /// take or will take before the next poll. When it returns true, compilation ends with
    /// `CompileError.Kind.cancelled`.
    public var shouldCancel: (@Sendable (_ bytes: Int) -> Bool)?

    public init(
        globals: GlobalNames, scopeNames: [[UInt8]]? = nil, delaysLikeNix: Bool = false,
        shouldCancel: (@Sendable (_ bytes: Int) -> Bool)? = nil
    ) {
        self.globals = globals
        self.scopeNames = scopeNames
        self.delaysLikeNix = delaysLikeNix
        self.shouldCancel = shouldCancel
    }
}
