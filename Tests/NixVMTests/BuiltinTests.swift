import Fuzzing
import NixEval
import Testing

@testable import NixVM

/// Every builtin with arguments of all sorts, under the checks and in stress.
@Suite struct BuiltinTests {
    /// That none was forgotten when it was added.
    @Test func callsEveryBuiltin() {
        let declared = Set(BuiltinTable.builtins.map(\.name))
        #expect(declared.subtracting(BuiltinCall.names) == [])
        #expect(BuiltinCall.names.subtracting(declared) == [])
    }

    @Test func declaresEachOnce() {
        let names = (0..<BuiltinTable.codes.count).map(BuiltinTable.name) + BuiltinConstant.all.map(\.name)
        #expect(Set(names).count == names.count)
    }

    private static let seeds = 4

    @Test(arguments: BuiltinCall.rows.indices) func holdsUnderChecks(_ row: Int) {
        let findings = BigStack.run { () -> [String] in
            BuiltinCall.rows[row].calls.enumerated().flatMap { index, call in
                (0..<UInt64(Self.seeds)).compactMap { seed in
                    Self.fault(HostileSource.call(of: call, seed: seed &+ UInt64(1_000 * index)))
                }
            }
        }
        #expect(findings == [])
    }

    /// What is wrong with a source's evaluation; nil when nothing is.
    private static func fault(_ source: String) -> String? {
        var plain = RunSettings("plain")
        plain.fuel = 4_000
        plain.timeout = nil
        var checked = plain
        checked.checks = MachineChecks(wholeHeapInterval: 100)
        checked.stress = true
        guard let a = Run.observe(.source(source), plain), let b = Run.observe(.source(source), checked) else {
            return "no machine"
        }
        if b.isViolation { return "\(b.text)\n\(source)" }
        if a.endsByResources || b.endsByResources { return nil }
        return a.kind == b.kind && a.message == b.message ? nil : "\(a.text)\n\(b.text)\n\(source)"
    }
}
