import NixSyntax

/// The index of a binding in `ScopeAnalyser.bindings`.
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

/// A stack slot that holds one value for the whole of a scope: a parameter, a formal, a name of a `let` or `rec`, or a
/// hidden local of the compiler.
struct Binding: Sendable {
    /// The function in whose frame the slot is, and the number of functions around it.
    var function: FunctionID
    var depth: Int32
    /// Whether the slot is filled at the point that the analysis has reached. A binding that is not initialised can be
    /// captured but not read.
    var isInitialised: Bool
    var isUsed: Bool
    /// For a name of a `rec` set with `__overrides`: the index in `ScopeAnalyser.overrideGroups`; otherwise -1.
    var overrideGroup: Int32
    /// The capture by the innermost open function that captures the binding: an index in
    /// `ScopeAnalyser.captureEntries`, or -1.
    var deepestCapture: Int32
}

/// What a variable refers to.
enum Resolution: Sendable {
    /// The node is not a variable, or it is an operator that no scope redefines.
    case none
    case binding(BindingID)
    /// An attribute of the set that a binding holds: a name of `scopedImport`, or of a `rec` with `__overrides`.
    case attribute(BindingID, SymbolID)
    case global(SymbolID)
    /// A name that is looked up at run time in the enclosing `with` scopes, innermost first.
    case dynamic(SymbolID)
}
