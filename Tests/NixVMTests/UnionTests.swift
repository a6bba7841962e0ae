import NixEval
import Testing

@testable import NixVM

/// Unions of a large set and small ones: how they are represented, and that this shows nowhere but in their cost.
@Suite struct UnionTests {
    private static let definitions = """
        let
          indices = n: builtins.genList (i: i) n;
          set = prefix: n: builtins.listToAttrs (map (i: { name = "${prefix}${toString i}"; value = i; }) (indices n));
          grow = base: n: builtins.foldl' (acc: i: acc // { ${"g${toString i}"} = i; }) base (indices n);
          base = set "k" 200;
        in\u{20}
        """

    /// The text of a source's value with these definitions; nil if it fails.
    private static func text(_ test: TestMachine, _ source: String) -> String? {
        guard let handle = try? test.evaluator.deepForce(try test.load(definitions + source)),
            let bytes = try? test.machine.printResult(handle, limit: 1 << 20)
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func machine(stress: Bool = false, limits: Limits = Limits()) -> TestMachine? {
        TestMachine(checks: MachineChecks(wholeHeapInterval: 500), stress: stress, limits: limits)
    }

    /// The kind of a union at each stage of its life.
    @Test func isFlattenedWhenEnumerated() {
        let kinds = BigStack.run { () -> [UInt64] in
            guard let test = Self.machine(), let source = try? test.load(Self.definitions + "base // { x = 1; }"),
                let union = try? test.evaluator.force(source)
            else { return [] }
            var kinds = unsafe [test.value(of: union).object.kind]
            test.compact()
            unsafe kinds.append(test.value(of: union).object.kind)
            _ = try? test.evaluator.deepForce(union)
            unsafe kinds.append(test.value(of: union).object.kind)
            test.machine.interpreter.collectAll()
            unsafe kinds.append(test.value(of: union).object.kind)
            return test.violation() == nil ? kinds : []
        }
        #expect(kinds == [Kind.union, Kind.union, Kind.flattened, Kind.attributes])
    }

    /// A small set, or a large one beside another large one, is copied.
    @Test(arguments: [
        ("set \"a\" 20 // { x = 1; }", Kind.attributes), ("base // set \"l\" 100", Kind.attributes),
        ("base // set \"l\" 20", Kind.union), ("set \"l\" 20 // base", Kind.union),
        ("{ } // base // { }", Kind.attributes), ("{ k1 = 1; } // base", Kind.union),
    ])
    func isChosenBySize(_ source: String, _ kind: UInt64) {
        let found = BigStack.run { () -> UInt64? in
            guard let test = Self.machine(), let union = try? test.force(Self.definitions + source) else { return nil }
            return unsafe union.object.kind
        }
        #expect(found == kind)
    }

    /// The depth of a chain of unions is bounded, whatever its length and whether each of them is used again.
    @Test(arguments: [
        "grow base 5000", "builtins.foldl' (acc: i: { u = i; } // acc) base (indices 100)",
        "builtins.foldl' (acc: i: builtins.seq (acc // { other = i; }) (acc // { ${\"g${toString i}\"} = i; })) base (indices 3000)",
    ])
    func hasBoundedDepth(_ source: String) {
        let depth = BigStack.run { () -> Int? in
            guard let test = Self.machine(), let union = try? test.force(Self.definitions + source) else { return nil }
            guard unsafe union.object.kind == Kind.union, test.violation() == nil else { return nil }
            return unsafe SetUnion(union.object).depth
        }
        guard let depth = depth ?? nil else {
            Issue.record("no union")
            return
        }
        #expect((1...SetUnion.maximumDepth).contains(depth))
    }

    /// Twice as many unions allocate little more than twice as many bytes.
    @Test(arguments: [
        "builtins.length (builtins.attrNames (grow base COUNT))",
        "builtins.foldl' (sum: i: sum + (grown // { x = i; }).x) 0 (indices COUNT)",
        "(builtins.foldl' (acc: i: acc // { k1 = acc.k1 + i; }) base (indices COUNT)).k1",
        "(builtins.foldl' (acc: i: { u = i; } // acc // { g = i; }) base (indices COUNT)).g",
    ])
    func growsInProportion(_ source: String) {
        let bytes = BigStack.run { () -> [Int] in
            [2_000, 4_000].compactMap { count -> Int? in
                let text = source.replacing("COUNT", with: "\(count)")
                let grown = "let grown = grow base 1500; in "
                guard let test = TestMachine(limits: Limits()), Self.text(test, grown + text) != nil else { return nil }
                test.compact()
                return test.machine.heapStatistics.allocatedBytes
            }
        }
        guard let bytes, bytes.count == 2 else {
            Issue.record("an evaluation failed")
            return
        }
        #expect(Double(bytes[1]) <= 2.2 * Double(bytes[0]))
    }

    /// Collections and stress change which sets are unions, and must not change fuel or results.
    @Test(arguments: [
        "builtins.attrNames (grow base 30)", "grow base 30 == grow base 30 // { }",
        "let u = grow base 20; in [ u ] == [ u ] && builtins.deepSeq [ u u ] (u == u // { g3 = 3; })",
        "map (i: (grow base 20 // { x = i; }).${\"g${toString i}\"}) (indices 20)",
        "builtins.toJSON ({ a = 1; } // base // { z = base // { y = 2; }; })",
        "let u = grow base 20; in with u; [ g1 k1 (u ? g2) (u.nothing or 1) ({ k2, ... }: k2) u ]",
        "builtins.zipAttrsWith (name: values: values) [ (grow (set \"k\" 20) 4) (base // { x = 1; }) ]",
        "builtins.removeAttrs (grow base 5) (builtins.attrNames base)",
        "builtins.intersectAttrs { k1 = 1; g1 = 1; no = 1; } (grow base 5)",
        "builtins.mapAttrs (name: value: value) (grow (set \"k\" 12) 3)",
        "builtins.genericClosure { startSet = [ (base // { key = 1; }) ]; operator = x: if x.key > 99 then [ ] else [ (x // { key = x.key * 2; }) ]; }",
    ])
    func costsTheSameFuel(_ source: String) {
        let runs = BigStack.run { () -> [Run] in
            [false, true].compactMap { stress in
                guard let test = Self.machine(stress: stress), let text = Self.text(test, source) else { return nil }
                return Run(text: text, fuel: test.machine.fuelUsed)
            }
        }
        #expect(runs?.count == 2)
        #expect(runs?.first == runs?.last)
    }

    private struct Run: Equatable {
        var text: String
        var fuel: Int
    }

    /// A union that is looked up in often is flattened at the next collection.
    @Test func isFlattenedWhenOftenUsed() {
        let kinds = BigStack.run { () -> [UInt64] in
            [1, 200].compactMap { count in
                let source =
                    "let u = grow base 3; in builtins.seq (map (i: builtins.seq u.g1 u.k7) (indices \(count))) u"
                guard let test = Self.machine(), let handle = try? test.load(Self.definitions + source),
                    let union = try? test.evaluator.force(handle)
                else { return nil }
                for _ in 0..<count { _ = unsafe test.machine.interpreter.lookup(test.value(of: union).object, 0) }
                unsafe test.state.pointee.neededBytes = test.state.pointee.hpLimit - test.state.pointee.registers.hp + 8
                guard test.machine.interpreter.makeRoom(), test.violation() == nil else { return nil }
                return unsafe test.value(of: union).object.kind
            }
        }
        #expect(kinds == [Kind.union, Kind.flattened])
    }

    /// A set that grows for as long as its memory lasts ends with that error, and the machine stays sound.
    @Test(arguments: [2 << 20, 8 << 20]) func endsAtTheMemoryLimit(_ bytes: Int) {
        let ends = BigStack.run { () -> [String] in
            [false, true].compactMap { keepsAll in
                guard let test = TestMachine(limits: Limits(memory: bytes)) else { return nil }
                let source =
                    keepsAll
                    ? "builtins.length (builtins.foldl' (all: i: all ++ [ (grow base i) ]) [ ] (indices 100000))"
                    : "builtins.length (builtins.attrNames (grow base 1000000))"
                let text = test.text(Self.definitions + source)
                return test.violation().map { "\($0)" } ?? text.prefix(14).description
            }
        }
        #expect(ends == ["memoryExceeded", "memoryExceeded"])
    }
}
