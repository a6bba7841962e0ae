/// A builtin of the language: one row of its family's list, which says all that is known of it.
///
/// To add a builtin, add a row to the file of its family. The global scope, the `builtins` set, backtraces, traces and
/// protocol/builtins.md take what they need from the row.
struct Builtin: Sendable {
    let name: String
    let arguments: [BuiltinArgument]
    /// The first release of Nix whose source has it.
    let since: String
    /// What it gives, in one line of Markdown.
    let summary: String
    /// What it does not do that Nix does, in one line of Markdown.
    let limits: String?
    /// Whether it is a variable of the global scope under its plain name, and not only as `__NAME`.
    let isGlobal: Bool
    /// What a backtrace says of a value that is no argument: an element of a list among the arguments, or what a function
    /// that the builtin calls gives. Each builtin evaluates only one of the two.
    let inner: BuiltinContext?
    let backtrace: BacktraceHook
    let code: BuiltinCode

    /// A builtin that answers at once, without a frame of its own.
    ///
    /// - Parameter early: says what is wrong with the first argument before a later one is forced.
    static func function(
        _ name: String, _ arguments: [BuiltinArgument], since: String, _ summary: String, limits: String? = nil,
        isGlobal: Bool = false, inner: BuiltinContext? = nil, early: EarlyCheck? = nil, _ step: @escaping BuiltinStep
    ) -> Builtin {
        Builtin(
            name: name, arguments: arguments, since: since, summary: summary, limits: limits, isGlobal: isGlobal,
            inner: inner, backtrace: .call,
            code: BuiltinCode(
                arity: arguments.count, strict: strict(arguments), slots: BuiltinCode.noFrame, early: early, step: step)
        )
    }

    /// A builtin that calls, or forces more than its arguments: it has a frame with so many slots.
    static func frame(
        _ name: String, _ arguments: [BuiltinArgument], slots: Int, since: String, _ summary: String,
        limits: String? = nil, isGlobal: Bool = false, inner: BuiltinContext? = nil,
        backtrace: BacktraceHook = .call, role: BuiltinRole = .ordinary, early: EarlyCheck? = nil,
        _ step: @escaping BuiltinStep
    ) -> Builtin {
        Builtin(
            name: name, arguments: arguments, since: since, summary: summary, limits: limits, isGlobal: isGlobal,
            inner: inner, backtrace: backtrace,
            code: BuiltinCode(
                arity: arguments.count, strict: strict(arguments), slots: slots, early: early, role: role, step: step))
    }

    /// The same with the slots of a frame whose words have names.
    static func frame<Frame: BuiltinFrame>(
        _ name: String, _ arguments: [BuiltinArgument], frame _: Frame.Type, since: String, _ summary: String,
        limits: String? = nil, isGlobal: Bool = false, inner: BuiltinContext? = nil,
        backtrace: BacktraceHook = .call, role: BuiltinRole = .ordinary, early: EarlyCheck? = nil,
        _ step: @escaping BuiltinStep
    ) -> Builtin {
        .frame(
            name, arguments, slots: Frame.count - arguments.count, since: since, summary, limits: limits,
            isGlobal: isGlobal, inner: inner, backtrace: backtrace, role: role, early: early, step)
    }

    private static func strict(_ arguments: [BuiltinArgument]) -> UInt8 {
        arguments.indices.reduce(0) { mask, index in arguments[index].isLazy ? mask : mask | 1 << UInt8(index) }
    }

    /// What a backtrace says of an argument; nil for nothing.
    func context(ofArgument index: Int) -> BuiltinContext? { arguments[index].context(at: index, of: name) }
}
