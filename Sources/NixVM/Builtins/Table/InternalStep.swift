/// The interpreter's own steps, which no program can name: what an instruction becomes when it must force or call. They
/// are the first rows of the table, in this order.
enum InternalStep: UInt8, CaseIterable, Sendable {
    /// Ends the loop: the code of the lowest frame.
    case end
    /// Calls the value below the arguments at the top.
    case apply
    /// Applies what a call gave to the arguments that it did not take.
    case applyRest
    /// `==` of lists and sets.
    case equalDeep
    /// `==` of two values that may lie in one another, as `elem` and nested comparisons need it.
    case equalNested
    /// `<` of lists.
    case lessThanDeep
    /// `+` with an operand that is coerced to a string.
    case addCoerced
    /// Coercion to a string.
    case coerce
    /// Loads the code of a chunk that a part of a program announced, and enters it.
    case makeCode
    /// Forces a value and all that lies in it.
    case deepForce
    /// Writes a value as JSON.
    case writeJSON
    /// Writes a value as XML.
    case writeXML
    /// Forces what a builtin answered.
    case returnForced
    /// Ends the evaluation with its argument as the message, for builtins that are written in Nix.
    case fail
    /// Fetches an input of a flake, as `fetchTree` does, whether or not it is locked: for builtins that are written in Nix.
    case fetchInput
    /// Reads the clock, for `builtins.currentTime` where an image may be made.
    case readClock

    /// Its index in the table.
    @inline(__always) var index: Int { Int(rawValue) }

    static let count = allCases.count

    /// As traces and the reports of the machine's checks name it.
    var name: String {
        switch self {
        case .end: "<evaluate>"
        case .apply: "<apply>"
        case .applyRest: "<applyRest>"
        case .equalDeep: "<equal>"
        case .equalNested: "<equalNested>"
        case .lessThanDeep: "<lessThan>"
        case .addCoerced: "<add>"
        case .coerce: "<coerceToString>"
        case .makeCode: "<makeCode>"
        case .deepForce: "<deepForce>"
        case .writeJSON: "<writeJSON>"
        case .writeXML: "<writeXML>"
        case .returnForced: "<return>"
        case .fail: "<fail>"
        case .fetchInput: "<fetchInput>"
        case .readClock: "<readClock>"
        }
    }

    var code: BuiltinCode {
        switch self {
        case .end: BuiltinCode(arity: 0, slots: 0) { _ in .next }
        case .apply: BuiltinCode(arity: 0, slots: 0) { $0.applyStep() }
        case .applyRest: BuiltinCode(arity: 0, slots: 0) { $0.applyRestStep() }
        case .equalDeep, .equalNested: BuiltinCode(arity: 2, frame: EqualityFrame.self) { $0.equalDeepStep() }
        case .lessThanDeep: BuiltinCode(arity: 2, frame: LessThanFrame.self) { $0.lessThanDeepStep() }
        case .addCoerced: BuiltinCode(arity: 2, frame: AddFrame.self) { $0.addCoercedStep() }
        case .coerce: BuiltinCode(arity: 2, frame: CoercionFrame.self) { $0.coerceStep() }
        case .makeCode: BuiltinCode(arity: 0, slots: 0) { $0.makeCodeStep() }
        case .deepForce: BuiltinCode(arity: 1, frame: DeepForceFrame.self) { $0.deepForceStep() }
        case .writeJSON: BuiltinCode(arity: 1, frame: JSONFrame.self) { $0.toJSONStep() }
        case .writeXML: BuiltinCode(arity: 2, frame: XMLFrame.self) { $0.writeXMLStep() }
        case .returnForced: BuiltinCode(arity: 0, slots: 0) { $0.done($0.pop()) }
        case .fail: BuiltinCode(arity: 1, strict: 1, slots: BuiltinCode.noFrame) { $0.failWithArgument() }
        case .fetchInput: BuiltinCode(arity: 1, strict: 1, slots: BuiltinCode.noFrame) { $0.fetchInputStep() }
        case .readClock: BuiltinCode(arity: 1, slots: BuiltinCode.noFrame) { $0.readClockStep() }
        }
    }

    /// None of them is named in a backtrace, but some say what they were doing.
    var backtrace: BacktraceHook {
        switch self {
        case .apply: BacktraceHook(namesCall: false) { $0.noteFunctor($1) }
        case .addCoerced: BacktraceHook(namesCall: false) { interpreter, _ in interpreter.noteFailedOperand() }
        case .coerce: BacktraceHook(namesCall: false) { interpreter, _ in interpreter.noteCoercion() }
        case .deepForce: BacktraceHook(namesCall: false) { interpreter, _ in interpreter.noteDeepForce() }
        case .writeJSON: BacktraceHook(namesCall: false) { interpreter, _ in interpreter.noteJSON() }
        default: .silent
        }
    }
}

extension Value {
    /// An internal step as a function that code can be given.
    @inline(__always) static func builtin(_ step: InternalStep) -> Value { .builtin(step.index) }
}

extension Interpreter {
    /// The code that runs one step of a frame of the interpreter's own.
    @inline(__always)
    func stepCode(_ step: InternalStep) -> UnsafePointer<UInt8> { stepCode(step.index) }

    /// Answers with the time at which the machine was made, and records that the evaluation depends on it.
    fileprivate func readClockStep() -> Step {
        machine.readsClock = true
        return done(machine.startTime)
    }

    fileprivate func failWithArgument() -> Step {
        guard argument(0).isString else { return failExpected("a string", argument(0)) }
        return fail(.value, bytes: Array(argument(0).object.byteBuffer))
    }
}
