import NixEval
import NixVM
import Synchronization
import Testing

/// Values that survive collections of both generations are preserved when they move.
@Suite struct GenerationTests {
    /// A thunk is made, then much garbage that lives for a while. The thunk is then passed as an argument that a
    /// default also captures, next to a formal whose default thunk is newly made.
    private static func source(rounds: Int) -> String {
        """
        let
          double = n: n * 2;
          kept = double (builtins.stringLength "abc");
          live = n: builtins.length (builtins.foldl' (all: i: [ all i ]) [ ] (builtins.genList (i: i) n));
          churn = builtins.foldl' (sum: i: sum + live 50000) 0 (builtins.genList (i: i) \(rounds));
          negate = n: 0 - n;
          f = { a ? negate (1 + 1), b ? negate (2 + 2) }: [ a b ];
        in
          builtins.seq churn (f { a = kept; })
        """
    }

    @Test func anOldThunkThatReplacesADefaultStaysAsItIs() {
        let above = Mutex(0)
        for rounds in 10..<30 {
            let outcome = Evaluation.of(
                Self.source(rounds: rounds), limits: Limits(memory: 24 << 20),
                finish: { evaluator in
                    // After a full collection that moved everything, the old space is above the nursery.
                    let isAbove = evaluator.machine.heapStatistics.fullCollections % 2 == 1
                    above.withLock { $0 += isAbove ? 1 : 0 }
                })
            #expect(outcome == .value("[ 6 -4 ]"), "\(rounds)")
        }
        #expect(above.withLock { $0 } > 0)
    }
}
