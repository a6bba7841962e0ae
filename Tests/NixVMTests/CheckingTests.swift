import NixBytecode
import NixEval
import Testing

@testable import NixVM

/// Each invariant is violated on purpose, and the checks find it.
@Suite struct CheckingTests {
    /// How an invariant is violated: a source to evaluate, and what is then done to the machine.
    private struct Fault {
        var source: String
        var corrupt: (TestMachine, Value) -> Void
    }

    private static var faults: [Invariant: Fault] {
        [
            .registers: Fault(source: "1") { test, _ in
                unsafe test.state.pointee.registers.sp = test.state.pointee.registers.bp - 1
            },
            .frames: Fault(source: "1") { test, _ in
                unsafe test.state.pointee.registers.fp.pointee.bp = test.state.pointee.registers.bp + 8
                unsafe test.state.pointee.registers.fp += 1
            },
            .values: Fault(source: "[ [ ] ]") { _, list in
                unsafe list.object.values[0] = Value(Tag.string, list.object)
            },
            .absent: Fault(source: "[ 1 ]") { _, list in unsafe list.object.values[0] = .absent },
            .ranges: Fault(source: "[ 1 ]") { test, list in
                unsafe list.object.values[0] = Value(
                    Tag.list, (test.state.pointee.registers.hp + 64).assumingMemoryBound(to: UInt64.self))
            },
            .kinds: Fault(source: "[ \"a\" ]") { _, list in unsafe list.object.setKind(Kind.forward) },
            .headers: Fault(source: "[ ((x: x) 1) ]") { test, list in
                let thunk = unsafe list.object.values[0].object
                unsafe thunk[0] = Object.header(
                    Kind.thunk, count: thunk.captureCount, field: test.state.pointee.chunkCount + 9)
            },
            .unions: Fault(
                source:
                    "builtins.listToAttrs (builtins.genList (i: { name = toString i; value = i; }) 200) // { a = 1; }"
            ) { _, union in
                unsafe union.object[0] &+= 1 << 32
            },
            .layouts: Fault(source: "{ a = 1; b = 2; }") { _, set in
                let entries = unsafe set.object.layout.entries
                let first = unsafe entries[0]
                unsafe entries[0] = entries[1]
                unsafe entries[1] = first
            },
            .nameOrder: Fault(source: "let s = { a = 1; b = 2; }; in builtins.seq (builtins.attrNames s) s") { _, set in
                let order = unsafe set.object.layout.values[0].object
                unsafe order[1] = 0
            },
            .strings: Fault(source: "\"abc\" + \"d\"") { _, string in unsafe string.object.bytes[5] = 1 },
            .permanent: Fault(source: "[ 1 ]") { test, list in
                unsafe test.machine.globals[Array("builtins".utf8)]?.object.attributeValues.pointee = list
            },
            .remembered: Fault(source: "[ [ 1 ] ]") { test, list in
                let root = test.machine.addRoot(list)
                test.collect()
                let young = unsafe test.machine.interpreter.allocate(words: 2)
                unsafe young[0] = Object.header(Kind.list, field: 1)
                unsafe young[1] = Value.null.bits
                unsafe test.state.pointee.roots[root].object.values[0] = Value(Tag.list, young)
            },
            .deepFlags: Fault(source: "[ ((x: x) 1) ]") { _, list in unsafe list.object[0] |= Object.deepFlag },
            .caughtFailures: Fault(source: "let x = throw \"e\"; in builtins.seq (builtins.tryEval x) [ x ]") {
                _, list in
                let thunk = unsafe list.object.values[0].object
                unsafe thunk[1] = FailureReference(number: 77, notes: 0).value.bits
            },
            .caches: Fault(
                source:
                    "let s = { a = 1; b = 2; c = 3; d = 4; e = 5; f = 6; g = 7; h = 8; i = 9; }; in builtins.seq s.d s"
            ) {
                test, _ in
                for index in 0..<LookupCacheEntry.count where unsafe test.state.pointee.lookupCache[index].layout != 0 {
                    unsafe test.state.pointee.lookupCache[index].index ^= 1
                }
            },
            .symbols: Fault(source: "builtins.attrNames { a = 1; }") { test, list in
                unsafe test.state.pointee.symbols.setString(Symbols.name.number, list.object.values[0])
            },
            .budget: Fault(source: "1") { test, _ in unsafe test.state.pointee.grantedFuel = 1 << 40 },
        ]
    }

    /// These hold only while code runs, so `findsFaultsAsCodeRuns` tests them.
    private static let running: Set<Invariant> = [.code, .stackHeight]

    @Test(arguments: Invariant.allCases.filter { !running.contains($0) })
    func findsEachFault(_ invariant: Invariant) throws {
        let fault = try #require(Self.faults[invariant])
        let found = BigStack.run { () -> [Invariant?] in
            guard let test = TestMachine(), let value = try? test.force(fault.source) else { return [] }
            let before = test.violation()
            fault.corrupt(test, value)
            return [before, test.violation()]
        }
        #expect(found == [nil, invariant])
    }

    /// Corruption during an evaluation ends it at once, and the failure names the invariant and the builtin.
    @Test func endsTheEvaluation() {
        let text =
            BigStack.run { () -> String? in
                guard let test = TestMachine(checks: MachineChecks(wholeHeapInterval: 1)) else { return nil }
                test.onTrace { _ in
                    let list = unsafe test.state.pointee.roots[0]
                    if list.isList { unsafe list.object.values[0] = .absent }
                    unsafe test.state.pointee.grantedFuel = 1 << 40
                }
                return test.text("let l = [ 1 2 ]; in builtins.seq l (builtins.trace \"x\" l)")
            } ?? nil
        #expect(text?.hasPrefix("internalError: invariant 'budget' broken after") == true)
        #expect(text?.contains("'trace'") == true)
    }

    @Test func findsFaultsAsCodeRuns() {
        let texts = BigStack.run { () -> [String] in
            guard let test = TestMachine(checks: MachineChecks(wholeHeapInterval: 1)),
                let other = TestMachine(checks: MachineChecks(wholeHeapInterval: 1))
            else { return [] }
            test.onTrace { _ in
                for chunk in 1..<(unsafe test.state.pointee.chunkCount) {
                    unsafe test.state.pointee.chunks[chunk].maximumStack = 0
                }
            }
            other.onTrace { _ in unsafe (other.state.pointee.registers.fp - 1).pointee.pc -= 1 }
            let source = "let f = x: 1 + builtins.trace \"x\" x * 2; in 3 + f 2"
            return [test.text(source), other.text(source)]
        }
        #expect(texts?.first?.contains("'stackHeight'") == true)
        #expect(texts?.last?.contains("'code'") == true)
    }

    @Test func isTheSameEvaluation() {
        let results = BigStack.run { () -> [String] in
            [nil, MachineChecks(wholeHeapInterval: 1)].flatMap { checks in
                [false, true].compactMap { stress in
                    guard let test = TestMachine(checks: checks, stress: stress) else { return nil }
                    let text = test.text(
                        "builtins.sort (a: b: a < b) (map (x: x * 7919) (builtins.genList (x: -x) 30))")
                    return "\(text) \(test.machine.fuelUsed)"
                }
            }
        }
        #expect(results?.count == 4)
        #expect(Set(results ?? []).count == 1)
    }
}
