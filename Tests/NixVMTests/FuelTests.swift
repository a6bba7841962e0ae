import NixEval
import Testing

@testable import NixVM

/// Any limit of fuel ends the evaluation, and all of it may be used.
@Suite struct FuelTests {
    private static let sources = [
        #"builtins.replaceStrings [ "c" ] [ (builtins.seq 1 "1") ] "cac""#,
        "builtins.sort (a: b: a < b) [ (1 + 1) 3 1 ]",
        #"builtins.concatStringsSep "," [ (toString 1) "b" (toString [ 1 (2 + 3) ]) ]"#,
        "builtins.foldl' (a: x: a + x) 0 (builtins.genList (x: x * 2) 5)",
        #"builtins.match "(a*)b" (builtins.seq 1 "aab")"#,
        #"builtins.toJSON { a = [ (1 + 1) ]; b = builtins.seq 1 "x"; }"#,
        "[ 1 (2 + 3) ] == [ 1 5 ] && { a = [ (1 + 1) ]; } == { a = [ 2 ]; }",
        #"builtins.attrNames (builtins.groupBy (x: builtins.seq x "k") [ (1 + 1) 2 ])"#,
    ]

    @Test(arguments: sources) func endsAtEveryLimit(_ source: String) {
        let ends = BigStack.run { () -> (used: Int, short: Set<String>, exact: String?, whole: String?)? in
            guard let whole = TestMachine(limits: Limits()) else { return nil }
            let text = whole.text(source)
            let used = whole.machine.fuelUsed
            let short = (0..<used).map { fuel in
                TestMachine(limits: Limits(fuel: fuel))?.text(source).prefix(13).description ?? "no machine"
            }
            return (used, Set(short), TestMachine(limits: Limits(fuel: used))?.text(source), text)
        }
        guard let ends = ends ?? nil else {
            Issue.record("no machine")
            return
        }
        #expect(ends.used > 0)
        #expect(ends.short == ["fuelExhausted"])
        #expect(ends.exact == ends.whole)
    }
}
