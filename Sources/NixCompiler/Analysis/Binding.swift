import NixSyntax

/// The index of a binding in `Analysis.bindings`.
struct BindingID: Hashable, Sendable {
    var rawValue: UInt32

    init(_ rawValue: Int) { self.rawValue = UInt32(truncatingIfNeeded: rawValue) }

    var index: Int { Int(rawValue) }
}

/// The index of a function in `Analysis.functions`.
struct FunctionID: Hashable, Sendable {
    var rawValue: UInt32

    init(_ rawValue: Int) { self.rawValue = UInt32(truncatingIfNeeded: rawValue) }

    var index: Int { Int(rawValue) }
}

/// A place on some frame's stack that holds one value for the whole of a scope: a parameter, a formal, a `let` or `rec`
/// name, or a hidden one that the compiler needs itself.
struct Binding: Sendable {
    /// The function on whose frame it lies, and how many are around that.
    var function: FunctionID
    var depth: Int32
    /// Whether its value is on the stack where the analysis stands. What is not can be captured, but not read.
    var isInitialised: Bool
    var isUsed: Bool
    /// For a name of a `rec` set with `__overrides`: index in `ScopeAnalyser.overrideGroups`, else -1.
    var overrideGroup: Int32
    /// The deepest open function that captures it: index in `ScopeAnalyser.captureEntries`, else -1.
    var deepestCapture: Int32
}

/// What a variable means.
enum Resolution: Sendable {
    /// Not a variable, or an operator that no scope redefines.
    case none
    case binding(BindingID)
    /// An attribute of the set that a binding holds: names of `scopedImport`, and of a `rec` with `__overrides`.
    case attribute(BindingID, SymbolID)
    case global(SymbolID)
    /// Looked up in the enclosing `with` scopes, innermost first.
    case dynamic(SymbolID)
}
