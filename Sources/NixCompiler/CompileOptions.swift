/// What a compilation depends on besides the source.
public struct CompileOptions: Sendable {
    /// Names of the global scope (`builtins`, `map`, `true`, `__sub`), as bytes. A variable that no lexical scope binds
    /// and that is one of these becomes `Constant.global`, which is stronger than `with`.
    public var globals: GlobalNames
    /// Names that `scopedImport` adds. They shadow globals. When the list is not nil, the top level takes one argument,
    /// the set that has them.
    public var scopeNames: [[UInt8]]?
    /// Asked now and then, with the bytes that the compiler's tables take or will take before it asks again; once it
    /// answers true, compilation ends with `CompileError.Kind.cancelled`.
    public var shouldCancel: (@Sendable (_ bytes: Int) -> Bool)?

    public init(
        globals: GlobalNames, scopeNames: [[UInt8]]? = nil, shouldCancel: (@Sendable (_ bytes: Int) -> Bool)? = nil
    ) {
        self.globals = globals
        self.scopeNames = scopeNames
        self.shouldCancel = shouldCancel
    }
}
