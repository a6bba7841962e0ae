import NixEval
import NixVM
import Synchronization
import Testing

/// Builtins that read, search or write text charge fuel and count memory before the work.
@Suite struct TextLimitTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// An expression that uses `text`, a string of 1 MiB of `a`, and `many`, which repeats a string.
        let expression: String
        /// The least fuel that it must be charged: the number of bytes divided by the bytes for a unit.
        let units: Int

        var testDescription: String { name }

        var source: String { TextLimitTests.prelude + expression }
    }

    private static let prelude = """
        let
          double = n: s: if n == 0 then s else double (n - 1) (s + s);
          many = n: s: builtins.concatStringsSep "" (builtins.genList (i: s) n);
          text = double 20 "a";
        in builtins.seq text (
        """

    private static func text(_ name: String, _ expression: String, units: Int) -> Case {
        Case(name: name, expression: expression + ")", units: units)
    }

    private static let mebibyte = 1 << 20

    static let charged: [Case] = [
        text("match", "builtins.match \"(a|b)*c\" (builtins.substring 0 65536 text)", units: 65_536),
        text("match run", "builtins.match \"a*b\" text", units: mebibyte / 64),
        text("split", "builtins.split \"(a+)b\" (builtins.substring 0 65536 text) == [ ]", units: 65_536),
        text("split chain", "builtins.split \"a{500}b\" text == [ ]", units: 500 * (mebibyte / 64)),
        text("split search", "builtins.split \"b\" text == [ ]", units: mebibyte / 64),
        text("pattern", "builtins.match (\"[\" + text + \"]\") \"a\"", units: mebibyte),
        text("compareVersions", "builtins.compareVersions text text", units: mebibyte / 32),
        text("splitVersion", "builtins.length (builtins.splitVersion text)", units: mebibyte / 32),
        text("parseDrvName", "(builtins.parseDrvName text).version", units: mebibyte / 64),
        text("replaceStrings", "builtins.replaceStrings [ \"b\" \"ab\" ] [ \"\" \"\" ] text == \"\"", units: mebibyte),
        text(
            "replaceStrings many",
            "builtins.replaceStrings (builtins.genList (i: \"ab${toString i}\") 2000) "
                + "(builtins.genList (i: \"x\") 2000) (builtins.substring 0 4096 text) == \"\"",
            units: 4096 * 2000 / 8),
        text("replaceStrings none", "builtins.replaceStrings [ \"b\" ] [ \"\" ] text == \"\"", units: mebibyte / 64),
        text("placeholder", "builtins.placeholder text", units: mebibyte / 64),
        text("hashString", "builtins.hashString \"md5\" text", units: mebibyte / 32),
        text("substring", "builtins.stringLength (builtins.substring 1 (-1) text)", units: mebibyte / 64 - 1),
        text(
            "concatStringsSep", "builtins.stringLength (builtins.concatStringsSep text [ \"\" \"\" ])",
            units: mebibyte / 64),
        text("toJSON", "builtins.stringLength (builtins.toJSON text)", units: mebibyte / 32),
        text("toJSON name", "builtins.stringLength (builtins.toJSON { ${text} = 1; })", units: mebibyte / 32),
        text("toXML", "builtins.stringLength (builtins.toXML text)", units: mebibyte / 64),
        text(
            "fromJSON string", "builtins.stringLength (builtins.fromJSON (\"\\\"\" + text + \"\\\"\"))",
            units: mebibyte / 8),
        text(
            "fromJSON list", "builtins.length (builtins.fromJSON (\"[\" + many 100000 \"1,\" + \"1]\"))", units: 125_000
        ),
        text("fromJSON error", "(builtins.tryEval (builtins.fromJSON (\"\\\"\" + text))).success", units: mebibyte / 8),
        text(
            "fromTOML string", "builtins.stringLength (builtins.fromTOML (\"a = \\\"\" + text + \"\\\"\")).a",
            units: mebibyte / 8),
        text("fromTOML tables", "builtins.length (builtins.fromTOML (many 20000 \"[[a]]\\n\")).a", units: 80_000),
        text("fromTOML error", "builtins.fromTOML (\"a = 1\\n\" + text)", units: mebibyte / 8),
        text(
            "unsafeDiscardStringContext",
            "builtins.stringLength (builtins.unsafeDiscardStringContext (builtins.appendContext text { "
                + "${builtins.storeDir + \"/00000000000000000000000000000000-x\"} = { path = true; }; }))",
            units: mebibyte / 64),
    ]

    /// The outcome of a source, and the fuel that it used.
    private func evaluate(
        _ source: String, _ limits: Limits = Limits(), settings: MachineSettings = MachineSettings()
    ) -> (outcome: Evaluation, fuel: Int) {
        let fuel = Mutex(0)
        let outcome = Evaluation.of(
            source, limits: limits, settings: settings,
            finish: { evaluator in fuel.withLock { $0 = evaluator.machine.fuelUsed } })
        return (outcome, fuel.withLock { $0 })
    }

    @Test(arguments: charged) func isChargedAndStops(_ test: Case) {
        let (_, base) = evaluate(TextLimitTests.prelude + "null)")
        let (outcome, fuel) = evaluate(test.source)
        #expect(outcome != .impossible)
        #expect(fuel - base >= test.units, "\(fuel - base) units: \(outcome)")
        // With less fuel than needed, the evaluation ends when that is used up.
        let limit = base + (fuel - base) / 2
        #expect(evaluate(test.source, Limits(fuel: limit)).outcome == .failure(.fuelExhausted))
        // With exactly the needed fuel and a unit to continue, the evaluation completes.
        #expect(evaluate(test.source, Limits(fuel: fuel + 1)).outcome == outcome)
    }

    /// Fuel does not depend on how often a step is repeated because of a collection.
    @Test(arguments: charged) func fuelDoesNotDependOnCollections(_ test: Case) {
        let free = evaluate(test.source)
        let limited = evaluate(test.source, Limits(memory: 96 << 20))
        #expect(limited.outcome == free.outcome)
        #expect(limited.fuel == free.fuel)
    }

    /// Small inputs with a collection at every allocation have the same values and the same fuel.
    @Test(arguments: [
        #"builtins.match "([a-z]+)-([0-9]+)(x)?" "abc-12""#,
        #"builtins.split "([a-c])|x" "1a2b3c4x""#,
        #"map (n: builtins.match "(a|${toString n})*" "aaaa") [ 1 2 3 1 2 3 ]"#,
        #"builtins.replaceStrings [ "a" "bc" "" ] [ "1" (toString 22) "-" ] "abcda""#,
        #"builtins.replaceStrings (map toString [ 1 2 3 ]) (map (n: "<${toString n}>") [ 1 2 3 ]) "0123321""#,
        #"builtins.fromJSON "{\"a\": [1, 2.5, {\"b\\n\": \"\\u00e9\"}, {\"b\\n\": \"x\"}], \"c\": 9007199254740993}""#,
        #"builtins.fromTOML "a = 1\n[b.c]\nd = \"x\"\n[[e]]\nf = [1, {g = 2.5}]\n""#,
        #"builtins.toJSON { a = [ 1 2.5 null true "x\n" ]; b = { outPath = "o"; }; c = { __toString = s: "t"; }; }"#,
        #"builtins.toXML [ 1 "x<" { a = 1; } (x: x) { type = "derivation"; drvPath = "d"; outPath = "o"; } ]"#,
        #"builtins.splitVersion "1.2pre-3""#,
        #"builtins.parseDrvName "foo-bar-1.2""#,
        #"builtins.hashString "sha256" "abc""#,
        #"builtins.convertHash { hash = builtins.hashString "sha1" ""; hashAlgo = "sha1"; toHashFormat = "sri"; }"#,
        #"builtins.concatStringsSep ", " (map (n: { outPath = toString n; }) [ 1 2 3 ])"#,
        #"builtins.substring 1 2 "abcd""#,
    ])
    func isTheSameUnderStress(_ source: String) {
        let plain = evaluate(source)
        let stressed = evaluate(source, settings: MachineSettings(stress: true))
        #expect(stressed.outcome == plain.outcome)
        #expect(stressed.fuel == plain.fuel)
        if case .value = plain.outcome {} else { Issue.record("\(plain.outcome)") }
    }

    /// Work that needs more memory than the limit is refused: the text's tree, the matcher's table, cached patterns, or
    /// output.
    @Test(arguments: [
        "builtins.fromJSON (double 23 \"[\")",
        "builtins.length (builtins.fromJSON (\"[\" + double 21 \"1,\" + \"1]\"))",
        "builtins.fromTOML (\"a = \" + double 21 \"[\")",
        "builtins.fromTOML (\"a = [\" + double 19 \"{b=1},\" + \"]\")",
        "builtins.match \"(a?b?c?d?)*x\" (double 22 \"abcd\")", "builtins.split \"\" (double 22 \"a\")",
        "builtins.stringLength (builtins.toJSON (double 23 \"\\n\"))",
        "builtins.stringLength (builtins.toXML (double 22 \"<\"))",
        "builtins.length (builtins.splitVersion (double 22 \"1.\"))",
        "builtins.match \"a{100001}\" \"\"", "builtins.placeholder (double 22 \"a\")",
    ])
    func memoryIsExceeded(_ expression: String) {
        let source = "let double = n: s: if n == 0 then s else double (n - 1) (s + s); in " + expression
        #expect(evaluate(source, Limits(memory: 16 << 20)).outcome == .failure(.memoryExceeded))
    }
}
