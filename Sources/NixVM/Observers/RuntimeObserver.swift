/// Receives the events of a machine in order. Every requirement has an empty default.
///
/// Enter and exit events nest, even when a failure unwinds: each frame and builtin that is entered is left once, by the
/// exit event of its kind.
public protocol RuntimeObserver: AnyObject {
    /// Receives a batch of events in recorded form. The default decodes each and calls the requirement of its kind. An
    /// observer that must be fast implements this instead.
    func observe(_ records: Span<EventRecord>, _ context: borrowing EventContext)

    func enterCallFrame(_ event: borrowing RuntimeEvent)
    func exitCallFrame(_ event: borrowing RuntimeEvent)
    func suspendCallFrame(_ event: borrowing RuntimeEvent)
    func enterBuiltinFrame(_ event: borrowing RuntimeEvent)
    func exitBuiltinFrame(_ event: borrowing RuntimeEvent)
    func suspendBuiltinFrame(_ event: borrowing RuntimeEvent)
    func requestOfBuiltinFrame(_ event: borrowing RuntimeEvent)
    func tailCall(_ event: borrowing RuntimeEvent)
    func enterBuiltin(_ event: borrowing RuntimeEvent)
    func exitBuiltin(_ event: borrowing RuntimeEvent)
    func executeOp(_ event: borrowing RuntimeEvent)
}

extension RuntimeObserver {
    public func observe(_ records: Span<EventRecord>, _ context: borrowing EventContext) {
        var clock = context.clock
        for index in records.indices {
            guard let kind = clock.pass(records[index]) else { continue }
            dispatch(
                kind,
                RuntimeEvent(
                    record: records[index], time: clock.time, depth: clock.depth, index: index,
                    recording: context.recording))
        }
    }

    private func dispatch(_ kind: RuntimeEventKind, _ event: borrowing RuntimeEvent) {
        switch kind {
        case .enterCallFrame: enterCallFrame(event)
        case .exitCallFrame: exitCallFrame(event)
        case .suspendCallFrame: suspendCallFrame(event)
        case .enterBuiltinFrame: enterBuiltinFrame(event)
        case .exitBuiltinFrame: exitBuiltinFrame(event)
        case .suspendBuiltinFrame: suspendBuiltinFrame(event)
        case .requestOfBuiltinFrame: requestOfBuiltinFrame(event)
        case .tailCall: tailCall(event)
        case .enterBuiltin: enterBuiltin(event)
        case .exitBuiltin: exitBuiltin(event)
        case .executeOp: executeOp(event)
        }
    }

    public func enterCallFrame(_ event: borrowing RuntimeEvent) {}
    public func exitCallFrame(_ event: borrowing RuntimeEvent) {}
    public func suspendCallFrame(_ event: borrowing RuntimeEvent) {}
    public func enterBuiltinFrame(_ event: borrowing RuntimeEvent) {}
    public func exitBuiltinFrame(_ event: borrowing RuntimeEvent) {}
    public func suspendBuiltinFrame(_ event: borrowing RuntimeEvent) {}
    public func requestOfBuiltinFrame(_ event: borrowing RuntimeEvent) {}
    public func tailCall(_ event: borrowing RuntimeEvent) {}
    public func enterBuiltin(_ event: borrowing RuntimeEvent) {}
    public func exitBuiltin(_ event: borrowing RuntimeEvent) {}
    public func executeOp(_ event: borrowing RuntimeEvent) {}
}
