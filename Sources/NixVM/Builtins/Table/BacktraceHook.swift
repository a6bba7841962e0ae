/// What the frame of a builtin adds to the backtrace of a failure that leaves it.
struct BacktraceHook: Sendable {
    /// Writes down what the frame on top was doing. False when that is only the evaluation of an argument, which is then
    /// said as the arguments' contexts have it.
    typealias FrameNote = @Sendable (Interpreter, FramePlace) -> Bool
    /// Writes down what the builtin's result, a thunk that is being forced, stands for.
    typealias ResultNote = @Sendable (Interpreter, Object) -> Void

    /// Whether "while calling the 'NAME' builtin" follows.
    let namesCall: Bool
    let frame: FrameNote?
    let result: ResultNote?

    private init(namesCall: Bool, frame: FrameNote?, result: ResultNote?) {
        self.namesCall = namesCall
        self.frame = frame
        self.result = result
    }

    /// What the frame was doing, and then the call.
    init(namesCall: Bool = true, _ frame: @escaping FrameNote) {
        self.init(namesCall: namesCall, frame: frame, result: nil)
    }

    /// The argument that was evaluated, and the call.
    static let call = BacktraceHook(namesCall: true, frame: nil, result: nil)

    /// As `call`; while the result is forced, also what it stands for.
    static func result(_ note: @escaping ResultNote) -> BacktraceHook {
        BacktraceHook(namesCall: true, frame: nil, result: note)
    }

    /// Nothing.
    static let silent = BacktraceHook(namesCall: false) { _, _ in true }
}
