import NixVM
import Synchronization
import Testing

/// An observer that records its events.
private final class Notes: RuntimeObserver, Sendable {
    struct Event: Equatable {
        var kind: RuntimeEventKind
        var depth: Int
        var name: String?
        var stack: [String] = []
    }

    let events = Mutex<[Event]>([])

    private func note(_ kind: RuntimeEventKind, _ event: borrowing RuntimeEvent) {
        let name = event.name.map { String(decoding: $0, as: UTF8.self) }
        let entry = Event(
            kind: kind, depth: event.depth, name: name, stack: event.stack.map { String(decoding: $0, as: UTF8.self) })
        events.withLock { $0.append(entry) }
    }

    func enterCallFrame(_ event: borrowing RuntimeEvent) { note(.enterCallFrame, event) }
    func exitCallFrame(_ event: borrowing RuntimeEvent) { note(.exitCallFrame, event) }
    func suspendCallFrame(_ event: borrowing RuntimeEvent) { note(.suspendCallFrame, event) }
    func enterBuiltinFrame(_ event: borrowing RuntimeEvent) { note(.enterBuiltinFrame, event) }
    func exitBuiltinFrame(_ event: borrowing RuntimeEvent) { note(.exitBuiltinFrame, event) }
    func suspendBuiltinFrame(_ event: borrowing RuntimeEvent) { note(.suspendBuiltinFrame, event) }
    func requestOfBuiltinFrame(_ event: borrowing RuntimeEvent) { note(.requestOfBuiltinFrame, event) }
    func tailCall(_ event: borrowing RuntimeEvent) { note(.tailCall, event) }
    func enterBuiltin(_ event: borrowing RuntimeEvent) { note(.enterBuiltin, event) }
    func exitBuiltin(_ event: borrowing RuntimeEvent) { note(.exitBuiltin, event) }
    func executeOp(_ event: borrowing RuntimeEvent) { note(.executeOp, event) }

    static func events(
        _ source: String, level: TraceLevel, limits: Limits = Limits(), settings: MachineSettings = MachineSettings()
    ) -> (events: [Event], outcome: Evaluation, counts: [UInt64]) {
        let notes = Notes()
        let counts = Mutex<[UInt64]>([])
        let outcome = Evaluation.of(
            source, limits: limits, settings: settings,
            prepare: { $0.machine.observe(notes, level: level) },
            finish: { evaluator in counts.withLock { $0 = evaluator.machine.eventCounts } })
        return (notes.events.withLock { $0 }, outcome, counts.withLock { $0 })
    }
}

@Suite("What the observer hears")
struct ObserverTests {
    /// Programs that call, fail, catch failures, make tail calls, and use builtins of both kinds.
    static let programs = [
        "(x: x + 1) 2",
        "builtins.tryEval (throw \"a\")",
        "let f = x: if x == 0 then throw \"x\" else 1 + f (x - 1); in [ (builtins.tryEval (f 50)).success (f 3) ]",
        "let x = x + 1; in x",
        "builtins.foldl' (a: b: a + b) 0 [ 1 2 3 ]",
        "builtins.sort (a: b: a < b) [ 3 2 1 ]",
        "builtins.sort builtins.lessThan [ 3 2 1 ]",
        "builtins.elemAt [ (1 + 1) ] 0",
        "map (builtins.add 1) [ 1 2 ]",
        "[ ({ a = [ 1 ]; } == { a = [ (0 + 1) ]; }) ([ 1 ] < [ 2 ]) \"${toString [ 1 (1 + 1) ]}\" ]",
        "builtins.genericClosure { startSet = [ { key = 1; } ]; operator = x: if x.key > 5 then [ ] else [ { key = x.key + 1; } ]; }",
        "let o = { __functor = s: x: y: x + y; }; in o 1 2",
        "(a: b: c: a + b + c) 1 2 3",
        "let f = a: b: a + b; g = f 1; in g 2 + g 3",
        "builtins.seq 1 (builtins.deepSeq { a = 1; } 2)",
        "builtins.listToAttrs [ { name = \"a\"; value = 1; } ]",
        "let loop = n: if n == 0 then 0 else loop (n - 1); in loop 100",
        "1 + \"a\"",
        "builtins.length 1",
        "({ a, b ? a }: b) { a = 1; }",
        "({ a }: a) { }",
        "with { a = throw \"w\"; }; [ (builtins.tryEval a) a ]",
    ]

    @Test("frames and builtins nest, also when an error unwinds", arguments: programs)
    func nesting(source: String) {
        for level in [TraceLevel.calls, .ops] {
            var open: [Notes.Event] = []
            for event in Notes.events(source, level: level).events {
                switch event.kind {
                case .enterCallFrame, .enterBuiltinFrame, .enterBuiltin:
                    #expect(event.depth == open.count)
                    open.append(event)
                case .exitCallFrame, .exitBuiltinFrame, .exitBuiltin:
                    guard let entered = open.popLast() else {
                        Issue.record("left without being entered: \(event)")
                        return
                    }
                    #expect(entered.kind.rawValue == event.kind.exited)
                    #expect(entered.depth == event.depth)
                    #expect(entered.name == event.name)
                default: #expect(event.depth == open.count - 1)
                }
            }
            #expect(open.isEmpty)
        }
    }

    @Test("the events are the same wherever the collector runs", arguments: programs)
    func collections(source: String) {
        let usual = Notes.events(source, level: .ops)
        let stressed = Notes.events(source, level: .ops, settings: MachineSettings(stress: true))
        #expect(usual.events == stressed.events)
        #expect(usual.outcome == stressed.outcome)
    }

    @Test("the outcome is the same observed or not, and a summary counts what is heard", arguments: programs)
    func summary(source: String) {
        let plain = Evaluation.of(source)
        let heard = Notes.events(source, level: .calls)
        let counted = Notes.events(source, level: .summary)
        #expect(heard.outcome == plain)
        #expect(counted.outcome == plain)
        #expect(counted.events.isEmpty)
        #expect(counted.counts == heard.counts)
        for kind in RuntimeEventKind.allCases {
            #expect(counted.counts[Int(kind.rawValue)] == UInt64(heard.events.count { $0.kind == kind }))
        }
    }

    @Test("batches follow one another without loss")
    func manyEvents() {
        let heard = Notes.events(
            "let f = n: if n == 0 then 0 else 1 + f (n - 1); in f 5000", level: .calls)
        #expect(heard.outcome == .value("5000"))
        #expect(heard.events.count { $0.kind == .enterCallFrame && $0.name == "f" } == 5000)
        #expect(heard.events.map(\.depth).max() ?? 0 > 5000)
    }

    @Test("what happens is told in order")
    func order() {
        let heard = Notes.events("builtins.foldl' (a: b: a + b) 0 [ 1 ]", level: .ops).events
        let shown = heard.filter { $0.kind != .executeOp && $0.depth > 0 }.map { "\($0.kind) \($0.name ?? "-")" }
        #expect(
            shown == [
                "enterCallFrame -", "tailCall foldl'", "suspendBuiltinFrame foldl'", "requestOfBuiltinFrame foldl'",
                "enterCallFrame -", "exitCallFrame -", "exitCallFrame -",
            ])
        #expect(heard.contains { $0.kind == .executeOp && $0.stack.first == "1" })
    }

    @Test("observing takes no fuel", arguments: programs)
    func fuel(source: String) {
        let plain = Mutex(0)
        let observed = Mutex(0)
        _ = Evaluation.of(source, finish: { evaluator in plain.withLock { $0 = evaluator.machine.fuelUsed } })
        _ = Evaluation.of(
            source, prepare: { $0.machine.observe(Notes(), level: .ops) },
            finish: { evaluator in observed.withLock { $0 = evaluator.machine.fuelUsed } })
        #expect(plain.withLock { $0 } == observed.withLock { $0 })
    }
}

extension RuntimeEventKind {
    /// The number of the event kind that enters what this kind exits.
    fileprivate var exited: UInt8 {
        switch self {
        case .exitCallFrame: RuntimeEventKind.enterCallFrame.rawValue
        case .exitBuiltinFrame: RuntimeEventKind.enterBuiltinFrame.rawValue
        case .exitBuiltin: RuntimeEventKind.enterBuiltin.rawValue
        default: 0
        }
    }
}
