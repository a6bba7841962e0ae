/// What a backtrace says about a value that a builtin evaluates.
struct BuiltinContext: Sendable {
    let text: String
    /// Whether it is said of any failure while the value is evaluated, or only when the value has the wrong type.
    let isAlwaysSaid: Bool

    static func always(_ text: String) -> BuiltinContext { BuiltinContext(text: text, isAlwaysSaid: true) }
    static func ofType(_ text: String) -> BuiltinContext { BuiltinContext(text: text, isAlwaysSaid: false) }
}

/// An argument of a builtin: its name in the documentation, when it is forced, and what a backtrace says of it.
struct BuiltinArgument: Sendable {
    /// Of which failures a backtrace says that the argument was evaluated. Nix names scalars and functions always, but
    /// lists, sets and what is coerced to a string only when their type is wrong.
    enum Mention: Sendable {
        case always
        case ofType
        case never
    }

    /// How Nix words it, which differs from builtin to builtin.
    enum Wording: Sendable {
        /// "while evaluating the first argument passed to builtins.NAME"
        case numbered
        /// The same with `'builtins.NAME'`.
        case quoted
        /// "while evaluating the argument passed to builtins.NAME"
        case single
        case custom(String)
    }

    let name: String
    /// Whether it may still be a thunk when the builtin's first step runs. The step forces it when it needs it.
    let isLazy: Bool
    private let mention: Mention
    private let wording: Wording

    /// An argument that a backtrace names in every failure while it is evaluated: a scalar or function.
    static func evaluated(_ name: String, _ wording: Wording = .numbered, isLazy: Bool = false) -> BuiltinArgument {
        BuiltinArgument(name: name, isLazy: isLazy, mention: .always, wording: wording)
    }

    /// An argument that a backtrace names when its type is wrong: a list, a set, or what is coerced to a string.
    static func checked(_ name: String, _ wording: Wording = .numbered, isLazy: Bool = false) -> BuiltinArgument {
        BuiltinArgument(name: name, isLazy: isLazy, mention: .ofType, wording: wording)
    }

    /// An argument that no backtrace names, and that the builtin's first step does not need forced.
    static func unnamed(_ name: String) -> BuiltinArgument {
        BuiltinArgument(name: name, isLazy: true, mention: .never, wording: .numbered)
    }

    private static let ordinals = ["first", "second", "third"]

    /// What a backtrace says of the argument; nil for nothing.
    ///
    /// - Parameters:
    ///   - index: that of the argument, from 0.
    ///   - builtin: the name of the builtin.
    func context(at index: Int, of builtin: String) -> BuiltinContext? {
        if mention == .never { return nil }
        let text =
            switch wording {
            case .numbered: "while evaluating the \(Self.ordinals[index]) argument passed to builtins.\(builtin)"
            case .quoted: "while evaluating the \(Self.ordinals[index]) argument passed to 'builtins.\(builtin)'"
            case .single: "while evaluating the argument passed to builtins.\(builtin)"
            case .custom(let text): text
            }
        return BuiltinContext(text: text, isAlwaysSaid: mention == .always)
    }
}
