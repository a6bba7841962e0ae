import MessageText
import NixEval
import Testing

@testable import NixVM

/// What messages quote of a program's long texts, and what contexts and names count.
@Suite struct MessageTests {
    /// Expressions that fail because of `big`, a text of 64 KiB, in every family of builtins.
    private static let failures = [
        "{ }.${big}", "builtins.getAttr big { }", "{ ${big} = 1; ${big + \"\"} = 2; }",
        "with { }; { ${big + ctx} = 1; }",
        "({ a ? 1 }: a) { ${big} = 1; }", "toString { ${big} = 1; }", "1 + big", "1 + { ${big} = 1; }",
        "1 + (/. + big)",
        "big 1", "big < 1", "if big then 1 else 2", "assert { ${big} = 1; } == { ${big} = 2; }; 1",
        "assert { ${big} = 1; } == { }; 1", "assert (/. + big) == /.; 1", "builtins.length big",
        "builtins.elemAt [ big ] 2",
        "builtins.listToAttrs [ { name = big; } ]", "builtins.catAttrs 1 [ { ${big} = 1; } ]",
        "builtins.toJSON { ${big} = x: x; }",
        "builtins.match \"(${big}\" \"\"", "builtins.split \"[${big}\" \"\"", "builtins.fromJSON big",
        "builtins.fromTOML big",
        "builtins.hashString big \"\"", "builtins.hashFile big /.", "builtins.hashString \"md5\" { ${big} = 1; }",
        "builtins.convertHash { hash = big; toHashFormat = \"sri\"; }",
        "builtins.convertHash { hash = big; hashAlgo = \"md5\"; toHashFormat = \"sri\"; }",
        "builtins.convertHash { hash = \"00\"; hashAlgo = big; toHashFormat = \"sri\"; }",
        "builtins.convertHash { hash = \"00\"; toHashFormat = big; }",
        "builtins.toFile big \"\"", "builtins.toFile \"x\" (ctxOf big)", "builtins.storePath (/. + big)",
        "builtins.appendContext \"\" { ${big} = { }; }",
        "builtins.appendContext \"\" { \"/nix/store/${hash}-${big}\" = { allOutputs = true; }; }",
        "builtins.addDrvOutputDependencies big", "builtins.readFile big", "builtins.readFile (/. + big)",
        "builtins.readDir (/. + big)", "builtins.readFileType (/. + big)", "import big", "import (/. + big)",
        "builtins.findFile [ ] big", "builtins.path { path = big; }", "builtins.path { path = /.; ${big} = 1; }",
        "builtins.path { path = /. + big; }", "builtins.filterSource (_: _: true) (/. + big)",
        "builtins.fetchurl big", "builtins.fetchurl { ${big} = 1; }",
        "builtins.fetchTarball { url = \"\"; sha256 = big; }",
        "builtins.fetchTree { type = big; }", "builtins.fetchTree { type = \"file\"; ${big} = 1; }",
        "builtins.fetchGit { url = \"/\"; ref = big; }", "builtins.fetchMercurial { url = \"/\"; ${big} = 1; }",
        "builtins.parseFlakeRef big", "builtins.flakeRefToString { type = big; }", "builtins.getFlake big",
        "derivationStrict { name = big; }", "derivationStrict { name = \"x\"; ${big} = x: x; }",
        "derivationStrict { name = \"x\"; system = \"x\"; builder = \"x\"; outputs = [ big big ]; }",
        "derivationStrict { name = \"x\"; system = \"x\"; builder = \"x\"; outputHashMode = big; }",
        "derivationStrict { name = \"x\"; system = \"x\"; builder = \"x\"; outputHash = big; outputHashAlgo = \"md5\"; }",
    ]

    private static let prelude = """
        let
          rep = n: s: if n == 0 then s else rep (n - 1) (s + s);
          big = rep 16 "a";
          hash = "00000000000000000000000000000000";
          ctx = builtins.toFile "x" "y";
          ctxOf = name: builtins.appendContext "" { "/nix/store/${hash}-x.drv" = { outputs = [ name ]; }; };
          derivationStrict = builtins.derivationStrict;
        in

        """

    private static func failure(_ source: String, _ limits: Limits = Limits(fuel: 100_000_000)) -> EvalFailure? {
        let found = BigStack.run { () -> EvalFailure? in
            guard let test = TestMachine(limits: limits) else { return nil }
            do throws(EvalFailure) {
                _ = try test.evaluator.deepForce(try test.load(prelude + source))
                return nil
            } catch {
                return error
            }
        }
        return found ?? nil
    }

    @Test(arguments: failures) func quotesAreShort(_ source: String) throws {
        let failure = try #require(Self.failure(source))
        #expect(failure.kind != .fuelExhausted)
        // Two quotations at most, and the words around them.
        #expect(failure.message.count < 2 * MessageText.longestWhole + 700, "\(failure.message.count)")
        for entry in failure.trace {
            #expect(entry.message.utf8.count < MessageText.longestWhole + 700, "\(entry.message.prefix(80))")
        }
    }

    @Test(arguments: ["throw big", "abort big"]) func whatAProgramSaysIsWhole(_ source: String) throws {
        let failure = try #require(Self.failure(source))
        #expect(failure.message.count(where: { $0 == UInt8(ascii: "a") }) >= 1 << 16)
    }

    /// What contexts, names and store paths take is looked at before it is taken, and garbage makes room for it.
    @Test(
        arguments: [
            "builtins.foldl' (a: i: builtins.seq (builtins.toFile \"${toString i}\" \"x\") a) 0 (builtins.genList (x: x) 200000)",
            "builtins.genList (i: builtins.appendContext \"\" { \"/nix/store/${hash}-${toString i}\" = { path = true; }; }) 200000",
            "builtins.genList (i: derivationStrict { name = \"x${toString i}\"; system = \"x\"; builder = \"x\"; }) 100000",
            "builtins.foldl' (a: i: builtins.hasAttr \"a\" { ${toString i} = 1; }) 0 (builtins.genList (x: x) 400000)",
        ])
    func keptStateIsCounted(_ source: String) {
        let limit = 24 << 20
        let ends = BigStack.run { () -> (text: String, outside: Int)? in
            guard let test = TestMachine(limits: Limits(memory: limit)) else { return nil }
            let text = String(test.text(Self.prelude + source).prefix(14))
            return (text, test.machine.interpreter.outsideBytes)
        }
        #expect((ends ?? nil)?.text == "memoryExceeded")
        #expect(((ends ?? nil)?.outside ?? .max) <= limit)
    }
}
