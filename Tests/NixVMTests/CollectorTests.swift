import NixEval
import Testing

@testable import NixVM

/// What a collection must preserve, under checks.
@Suite struct CollectorTests {
    /// An object of each kind that values refer to, and some that only builtins use.
    private static let everything = """
        let
          big = 4611686018427387904; f = a: b: a + b; t = builtins.tryEval (throw "x");
          set = { a = 1.5; b = "text"; c = [ 1 [ 2 ] ]; d = ./path; e = big; f = f 1; };
          many = builtins.listToAttrs (builtins.genList (i: { name = "n${toString i}"; value = i; }) 70);
          failing = throw "again";
        in {
          inherit set t many; union = many // { n3 = "three"; } // set; w = with set; [ a (f 2) e ];
          caught = [ (builtins.tryEval failing) (builtins.tryEval failing) ];
          context = builtins.getContext "${derivation { name = "n"; builder = "/b"; system = "x"; }}";
          names = builtins.attrNames many; xml = builtins.stringLength (builtins.toXML set.c);
          sorted = builtins.sort (a: b: a > b) (builtins.genList (x: x * 7919) 40);
          closure = builtins.length (builtins.genericClosure {
            startSet = [ { key = 0; } ];
            operator = x: if x.key > 40 then [ ] else [ { key = x.key + 1; } ];
          });
        }
        """

    @Test func keepsEverything() {
        let texts = BigStack.run { () -> [String] in
            [(nil, false), (MachineChecks(wholeHeapInterval: 7), true)].compactMap { checks, stress in
                TestMachine(checks: checks, stress: stress)?.text(Self.everything)
            }
        }
        #expect(texts?.count == 2)
        #expect(texts?.first == texts?.last)
        #expect(texts?.first?.contains("Error") == false)
    }

    /// Old and new values must survive both kinds of collection at any time.
    @Test func movesWhatTheHostHolds() {
        let results = BigStack.run { () -> [String] in
            guard let test = TestMachine(checks: MachineChecks(wholeHeapInterval: 50)),
                let handle = try? test.evaluator.deepForce(test.load(Self.everything))
            else { return [] }
            return (0..<6).map { turn in
                if turn % 2 == 0 { test.collect() } else { test.compact() }
                let bytes = (try? test.machine.printResult(handle, limit: 1 << 14)) ?? []
                let text = String(decoding: bytes, as: UTF8.self)
                return test.violation().map { "\($0)" } ?? text
            }
        }
        #expect(results?.count == 6)
        #expect(Set(results ?? []).count == 1)
        #expect(results?.first?.hasPrefix("{ caught") == true)
    }

    /// Thunks outside the nursery get values inside it, fewer and more than the remembered set keeps.
    @Test(arguments: [2_000, 200_000]) func remembers(_ count: Int) {
        let seen =
            BigStack.run { () -> (text: String, most: Int)? in
                guard let test = TestMachine(checks: MachineChecks(wholeHeapInterval: 100_000)) else { return nil }
                var most = 0
                test.onTrace { line in
                    // The first line makes the live objects old; then they get their values.
                    if line.contains("made") { test.collectLater() }
                    most = max(most, unsafe test.state.pointee.remembered.count)
                }
                let source = """
                    let
                      l = builtins.genList (x: if x - x / 1000 * 1000 == 0 then builtins.trace "at" 0.5 else x + 0.5) \(count);
                      n = builtins.length l;
                    in builtins.seq n (builtins.trace "made" (builtins.deepSeq l (builtins.foldl' builtins.add 0 l)))
                    """
                return (test.text(source), most)
            } ?? nil
        let sum = Double(count) * Double(count) / 2
        #expect(seen.map { abs((Double($0.text) ?? 0) - sum) <= sum / 50 } == true, "\(seen?.text ?? "")")
        // One grant of fuel may add entries to a set that is full.
        let most = seen?.most ?? 0
        #expect(most > min(count / 3, RememberedSet.limit / 2) && most <= RememberedSet.limit + Machine.grantUnits)
    }

    /// There is so much garbage that full collections happen repeatedly.
    @Test func compactsRepeatedly() {
        let counts =
            BigStack.run { () -> (text: String, full: Int)? in
                guard
                    let test = TestMachine(
                        checks: MachineChecks(wholeHeapInterval: 1_000_000), limits: Limits(memory: 8 << 20))
                else { return nil }
                let source = """
                    let go = n: keep: if n == 0 then builtins.length keep
                      else let next = builtins.genList (x: [ x n ]) (builtins.length keep); in
                        if builtins.deepSeq next true then go (n - 1) next else 0; in
                    go 60 (builtins.genList (x: x) 20000)
                    """
                return (test.text(source), test.machine.heapStatistics.fullCollections)
            } ?? nil
        #expect(counts?.text == "20000")
        #expect((counts?.full ?? 0) > 1)
    }
}

extension TestMachine {
    /// Makes the next allocation find no room.
    func collectLater() { unsafe state.pointee.hpLimit = state.pointee.registers.hp }
}
