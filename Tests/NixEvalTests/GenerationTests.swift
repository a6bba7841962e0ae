import NixEval
import NixVM
import Synchronization
import Testing

/// What has lived through collections of both generations keeps its value, wherever it lies since.
@Suite struct GenerationTests {
    /// Makes a thunk, then much that lives on for a while and dies, then passes the thunk for a name whose
    /// default captures too, beside a name whose default thunk is made anew.
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
                    // After one that moved everything, the older space lies above the nursery.
                    let isAbove = evaluator.machine.heapStatistics.fullCollections % 2 == 1
                    above.withLock { $0 += isAbove ? 1 : 0 }
                })
            #expect(outcome == .value("[ 6 -4 ]"), "\(rounds)")
        }
        #expect(above.withLock { $0 } > 0)
    }
}
