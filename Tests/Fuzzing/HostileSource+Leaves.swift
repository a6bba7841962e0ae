/// Expressions without subexpressions, with extreme values.
extension HostileSource {
    mutating func leaf(_ sort: Sort) -> String {
        if isHeavy, random.chance(40), let heavy = Self.heavy[sort] { return pick(heavy) }
        return switch sort {
        case .integer: pick(Self.integers)
        case .float: pick(Self.floats)
        case .boolean: pick(["true", "false"])
        case .string: pick(Self.strings)
        case .path: pick(Self.paths)
        case .list: pick(Self.lists)
        case .set: pick(Self.sets)
        case .function: pick(Self.functions)
        case .anything: leaf([.integer, .float, .string, .list, .set, .function][random.below(6)])
        case .predicate: pick(["(x: true)", "(x: false)", "(x: x == 1)", "(x: throw \"p\")", "isInt", "(x: 1)"])
        case .comparator: pick(Self.comparators)
        case .pattern: pick(Self.patterns)
        case .json: pick(Self.jsons)
        case .toml: pick(Self.tomls)
        case .version: pick(Self.versions)
        case .names:
            pick(["[ \"a\" ]", "[ ]", "[ \"a\" \"b\" \"\" ]", "(attrNames (attrs 300))", "(map toString (lst 900))"])
        case .pairs: pick(Self.pairs)
        case .graph: pick(Self.graphs)
        case .derivation: pick(Self.derivations)
        case .date: pick(["\"1979-05-27\"", "\"1979-05-27T07:32:00Z\""])
        case .hash: pick(["\"md5\"", "\"sha1\"", "\"sha256\"", "\"sha512\"", "\"\"", "\"sha256-\""])
        case .url: pick(Self.urls)
        case .folder: pick(Self.paths)
        case .joiner: pick(["(x: y: y)", "(x: y: [ x y ])", "(x: y: x + y)", "(x: y: throw \"j\")", "add", "(x: x)"])
        case .updater: pick(["(x: \"k\")", "toString", "typeOf", "(x: \"k${toString x}\")", "(x: x)"])
        case .zipper: pick(["(n: vs: vs)", "(n: vs: head vs)", "(n: vs: n)", "(n: foldl' add 0)"])
        }
    }

    /// Values of which a few exhaust the memory or the time.
    private static let heavy: [Sort: [String]] = [
        .integer: ["(count 1000000)", "(length (lst 1000000))", "1000000", "30000000"],
        .string: [
            "(rep 20 \"ab\")", "(rep 22 \"a\")", "(rep 24 \"a\")", "(rep 21 \"é\")", "(rep 18 \"a.1-\")",
            "(rep 18 \"a\\n\")",
            "(rep 16 \"${drv \"n\"}\")", "(concatStringsSep \",\" (map toString (lst 200000)))",
            "(toJSON (lst 300000))",
            "(foldl' (a: x: a + \"${drv (toString x)}\") \"\" (lst 2000))", "(rep 17 \"/../a\")",
        ],
        .list: [
            "(lst 1000000)", "(lst 100000)", "(dbl 20 [ 1 ])", "(dbl 18 [ \"a\" \"b\" ])", "(nest 1000000 1)",
            "(genList (x: [ x ]) 300000)", "(genList (x: rep 18 \"k\") 500)",
            "(map (x: rep 14 \"k\" + toString x) (lst 3000))",
            "(genList (x: attrs 300) 1000)", "(dbl 12 [ (rep 20 \"a\") ])", "(genList (x: { a = x; }) 200000)",
        ],
        .set: [
            "(attrs 100000)", "(attrs 20000)", "(nestSet 1000000 1)", "(fix (f: { __functor = f; }))",
            "(fix (f: { __functor = self: f; }))", "(fix (f: { __toString = self: self; }))",
            "(fix (f: { outPath = f; }))",
            "{ ${rep 20 \"k\"} = 1; }", "(fix (f: { a = f; b = [ f f ]; }))",
            "(listToAttrs (genList (i: { name = rep 12 \"k\" + toString i; value = i; }) 2000))",
        ],
        .function: [
            "(fix (f: n: f (n + 1)))", "(fix (f: x: 1 + f x))", "(fix (f: { __functor = f; }))", "(x: rep 20 \"a\")",
        ],
        .pattern: [
            "\"((a?){200}a{200}){3}\"", "\"(a+)b\"", "\"(a*)*c\"", "\"(.*)(.*)(.*)x\"", "(rep 12 \"(a|b)?\")",
            "\"[ab]{1000}\"",
            "(rep 16 \"a?\")", "\"(a|aa|aaa)*b\"", "(rep 9 \"(\" + rep 9 \"a)*\")",
        ],
        .json: [
            "(rep 21 \"[\")", "(\"[\" + rep 20 \"1,\" + \"1]\")", "(rep 19 \"[1,\" )", "(toJSON (attrs 100000))",
            "(\"\\\"\" + rep 23 \"a\" + \"\\\"\")",
        ],
        .toml: [
            "(rep 16 \"[[x]]\\n\")", "(rep 14 \"[a]\\n\")", "(rep 17 \"a.\" + \"a = 1\")",
            "(concatStringsSep \"\\n\" (map (x: \"[t${toString x}]\") (lst 100000)))", "(\"a = \" + rep 20 \"[\")",
            "(\"a = \\\"\" + rep 23 \"x\" + \"\\\"\")",
        ],
        .version: ["(rep 23 \"1.\")", "(rep 24 \"1\")", "(rep 22 \"-a\")", "(rep 22 \"a1\")"],
        .names: [
            "(map toString (lst 3000))", "(genList (x: rep 20 \"a\") 300)", "(map toString (lst 300000))",
            "(genList (x: \"\") 5000)",
        ],
        .pairs: ["(map (x: { name = toString x; value = x; }) (lst 200000))", "(genList (x: attrs 200) 2000)"],
        .graph: [
            "{ startSet = [ { key = 0; } ]; operator = x: [ { key = x.key + 1; } ]; }",
            "{ startSet = [ { key = rep 20 \"a\"; } ]; operator = x: [ { key = x.key + \"a\"; } ]; }",
            "{ startSet = [ { key = [ ]; } ]; operator = x: [ { key = x.key ++ [ 1 ]; } ]; }",
            "{ startSet = map (x: { key = x; }) (lst 200000); operator = x: [ ]; }",
            "{ startSet = [ { key = 0; } ]; operator = x: genList (i: { key = x.key + i; }) 1000; }",
        ],
        .derivation: [
            "{ name = \"n\"; builder = \"/b\"; system = \"x\"; args = genList (x: rep 16 \"a\") 2000; }",
            "{ name = \"n\"; builder = \"/b\"; system = \"x\"; outputs = map (x: \"o${toString x}\") (lst 50000); }",
            "{ name = \"n\"; builder = \"/b\"; system = \"x\"; a = rep 24 \"a\"; b = rep 24 \"b\"; }",
            "{ name = \"n\"; builder = \"/b\"; system = \"x\"; a = map (x: drv (toString x)) (lst 3000); }",
            "{ name = \"n\"; builder = \"/b\"; system = \"x\"; __structuredAttrs = true; a = lst 300000; }",
        ],
        .comparator: ["(x: y: rep 20 \"a\" < rep 20 \"a\")", "(x: y: rep 16 \"a\" + \"x\" < rep 16 \"a\" + \"y\")"],
        .path: ["(/. + rep 20 \"/a\")", "(/. + rep 22 \"a\")", "(/. + rep 20 \"/..\")"],
    ]
    private static let integers = [
        "0", "1", "(-1)", "2", "7", "63", "64", "255", "256", "65535", "65536", "2147483647", "4294967295",
        "4294967296",
        "9007199254740993", "1152921504606846975", "1152921504606846976", "(-1152921504606846976)",
        "(-1152921504606846977)", "4611686018427387904", "9223372036854775807", "(-9223372036854775807)",
        "(-9223372036854775807 - 1)", "(count 100)", "(count 3000)", "(length (lst 500))",
    ]
    private static let floats = [
        "0.0", "(-0.0)", "1.5", "1.0e308", "(1.0e308 * 10)", "(1.0e308 * 10 - 1.0e308 * 10)", "5.0e-324", "9.3e18",
        "(-9.3e18)", "9223372036854775807.0", "0.1", "3",
    ]
    private static let strings = [
        "\"\"", "\"a\"", "\"ab\"", "\"key\"", "\"a/b\"", "\"/\"", "\"/a/../b\"", "\"..\"", "\"é\"", "\"$\"",
        "\"\\n\\t\"",
        "\"out\"", "(rep 5 \"ab\")", "(rep 12 \"a\")", "(rep 16 \"ab\")", "(rep 20 \"x\")", "(toString ./x)", "t",
        "\"${drv \"n\"}\"", "(drv \"m\").drvPath", "(fromJSON \"\\\"\\\\u00e9\\\\ud83d\\\\ude00\\\"\")",
        "(substring 0 1 \"é\")", "(rep 10 (substring 0 1 \"é\"))", "\"k0\"", "(toFile \"n\" \"text\")",
        "(concatStringsSep \",\" (map toString (lst 300)))", "\"__toString\"", "\"outPath\"", "\"value\"",
    ]
    private static let paths = [
        "./x", "./lib.nix", "./value.nix", "./self.nix", "./chain.nix", "./bad.nix", "./undefined.nix", "./scoped.nix",
        "./deep.nix", "./wide.nix", "./line.nix", "./d", "./d/e/f", "./.", "/.", "/nix/store", "../../..", "/roots/r",
        "(./. + \"/y\")", "(/. + rep 12 \"/a\")", "/dev/null",
        "(toFile \"p\" \"1\")", "\"/roots/none\"", "(builtins.toPath \"/a/b\")", "\"relative\"",
    ]
    private static let lists = [
        "[ ]", "[ 1 ]", "[ 2 1 ]", "[ 3 1 2 ]", "l", "(lst 40)", "(lst 3000)", "(lst 40000)", "(dbl 10 [ 1 2 ])",
        "(nest 300 [ ])", "[ (throw \"e\") ]", "[ [ ] [ [ ] ] ]", "(map (x: { a = x; b = throw \"b\"; }) (lst 20))",
        "(genList (x: [ x ]) 200)", "(fix (x: [ 1 x ]))", "[ 1.5 1 ]", "[ \"b\" \"a\" ]", "(genList (x: -x) 700)",
        "(map (x: [ (30 - x) x ]) (lst 30))", "[ null true ]", "(attrValues (attrs 90))", "(tail (lst 3))",
    ]
    private static let sets = [
        "{ }", "{ a = 1; }", "s", "(attrs 8)", "(attrs 9)", "(attrs 70)", "(attrs 3000)", "{ a = throw \"a\"; b = 2; }",
        "(fix (x: { a = x; }))", "{ __functor = self: x: x; }", "(fix (f: { __functor = f; }))",
        "{ __toString = self: \"x\"; }", "(fix (f: { __toString = self: f; }))", "(fix (f: { outPath = f; }))",
        "{ outPath = \"/p\"; name = \"n\"; }", "builtins", "(drv \"d\")", "(nestSet 300 1)",
        "{ path = ./x; name = \"n\"; }", "{ path = ./d; name = \"d\"; filter = p: t: true; }", "(import ./value.nix)",
        "grown", "({ a = 1; } // grown // { g1 = throw \"g\"; })", "(attrs 130 // s)",
        "{ success = true; value = 1; }", "{ type = \"path\"; path = \"/roots/r\"; }",
        "{ hash = \"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"; toHashFormat = \"base16\"; }",
        "(listToAttrs (map (x: { name = \"k${toString x}\"; value = throw \"v\"; }) (lst 30)))",
    ]
    private static let functions = [
        "(x: x)", "(x: y: x)", "(x: y: z: [ x y z ])", "({ a ? 1, b ? a, ... }@all: a)", "({ a }: a)", "toString",
        "add",
        "(add 1)", "(x: throw \"f\")", "(x: [ x x ])", "(x: { a = x; })", "(fix (f: n: f (n + 1)))",
        "(fix (f: x: if x == 0 then 0 else f (x - 1)))", "(substring 0)", "map", "(replaceStrings [ ])", "seq", "count",
        "{ __functor = self: x: x + 1; }", "(fix (f: x: 1 + f x))", "import", "(import ./lib.nix { })",
        "(import ./chain.nix)",
        "(x: import ./chain.nix 30)", "(scopedImport { a = 1; })",
    ]
    private static let comparators = [
        "lessThan", "(x: y: x < y)", "(x: y: true)", "(x: y: false)", "(x: y: y < x)", "(x: y: throw \"c\")",
        "(x: y: 1)", "builtins.lessThan", "(x: lessThan x)", "(x: y: tryEval (throw \"t\") == { })",
    ]
    private static let patterns = [
        "\"\"", "\"a*\"", "\"(a*)*\"", "\"(a|b)*c\"", "\"((a?){30}a{30}){3}\"", "\"[[:alpha:]]+\"", "\"(a+)+b\"",
        "\".*x.*\"",
        "\"(\"", "\"[\"", "\"a{2,1}\"", "\"a{1000}\"", "\"(.)(.)(.)\"", "\"(()|a)+\"", "\"[^a-z]\"", "\"(a{50}){50}\"",
        "\"^$\"", "\"\\\\.\"", "\"(x*)(y*)(z*)\"", "(rep 10 \"(a\" + rep 10 \")\")", "\"[a-\"", "\"*\"",
    ]
    private static let jsons = [
        "\"1\"", "\"[1,2,{\\\"a\\\":null}]\"", "(rep 10 \"[\" + rep 10 \"]\")", "(rep 16 \"[\")", "\"1e999\"", "\"-0\"",
        "\"9223372036854775808\"", "\"18446744073709551616\"", "\"{\\\"a\\\":1,\\\"a\\\":2}\"", "\"\"", "\"[\"",
        "\"\\\"\\\\ud800\\\"\"",
        "(toJSON (attrs 200))", "(toJSON (lst 2000))", "(\"[\" + rep 12 \"1,\" + \"1]\")", "\"nul\"",
    ]
    private static let tomls = [
        "\"a = 1\"", "\"[a]\\n[a.b]\\n[[a.c]]\"", "\"a.b.c = 1\"", "(rep 8 \"[[x]]\\n\")", "\"a = [1, 2, [3]]\"",
        "\"a = \"",
        "\"a = 1979-05-27T07:32:00Z\"", "\"a = 0x7fffffffffffffff\"", "\"a = 1e999\"", "\"a = nan\"", "\"\"",
        "(\"a = \" + rep 9 \"[\" + rep 9 \"]\")", "\"a = \\\"\\\\u00e9\\\"\"", "\"[a]\\na = 1\\n[a]\"",
        "(concatStringsSep \"\\n\" (map (x: \"k${toString x} = ${toString x}\") (lst 300)))",
        "(rep 7 \"a.\" + \"a = 1\")",
    ]
    private static let versions = [
        "\"1.2.3\"", "\"\"", "\"1.0pre\"", "\"name-1.0\"", "\"name\"", "\"-\"", "\"a-b-1\"", "(rep 10 \"1.\")",
        "(rep 12 \"-\")",
        "\"00001\"", "\"99999999999999999999\"", "(rep 14 \"9\")",
    ]
    private static let pairs = [
        "[ ]", "[ { name = \"a\"; value = 1; } ]", "[ { name = \"a\"; value = 1; } { name = \"a\"; value = 2; } ]",
        "(map (x: { name = toString (x * 31); value = x; }) (lst 1000))", "[ { name = 1; value = 1; } ]",
        "[ { name = \"a\"; } ]", "[ { path = \"/roots/r\"; prefix = \"r\"; } ]",
        "(genList (x: { name = \"k${toString (1000 - x)}\"; value = { a = x; }; }) 100)",
    ]
    private static let graphs = [
        "{ startSet = [ { key = 1; } ]; operator = x: [ ]; }",
        "{ startSet = [ { key = 0; } ]; operator = x: if x.key > 300 then [ ] else [ { key = x.key + 1; } ]; }",
        "{ startSet = [ { key = 0; } ]; operator = x: if x.key > 3000 then [ ] else [ { key = 3 * x.key + 1; } ]; }",
        "{ startSet = [ { key = [ 0 ]; } ]; operator = x: if head x.key > 40 then [ ] else [ { key = [ (head x.key + 1) ]; } ]; }",
        "{ startSet = [ { key = 0; } ]; operator = x: [ { key = x.key + 1; } ]; }",
        "{ startSet = map (x: { key = toString x; }) (lst 500); operator = x: [ ]; }",
        "{ startSet = [ { key = 1; } { key = \"a\"; } ]; operator = x: [ ]; }",
    ]
    private static let derivations = [
        "{ name = \"n\"; builder = \"/b\"; system = \"x\"; }",
        "{ name = \"n\"; builder = \"/b\"; system = \"x\"; args = map toString (lst 300); }",
        "{ name = \"n\"; builder = drv \"i\"; system = \"x\"; outputs = [ \"out\" \"lib\" ]; }",
        "{ name = \"n\"; builder = \"/b\"; system = \"x\"; outputHash = \"\"; outputHashAlgo = \"sha256\"; outputHashMode = \"flat\"; }",
        "{ name = \"n\"; builder = \"/b\"; system = \"x\"; __structuredAttrs = true; a = [ 1 { b = 2; } ]; }",
        "{ name = \"n\"; builder = \"/b\"; system = \"x\"; outputs = map (x: \"o${toString x}\") (lst 60); }",
        "{ name = \"n\"; builder = \"/b\"; system = \"x\"; a = drv \"a\"; b = [ (drv \"b\").dev ./x ]; __ignoreNulls = true; c = null; }",
        "{ name = rep 8 \"n\"; }", "{ }",
    ]
    private static let urls = [
        "\"path:/roots/r\"", "\"path:/job\"", "\"path:/job/lock\"", "{ type = \"path\"; path = ./d; }",
        "\"github:a/b\"", "\"file:///roots/r/x\"", "\"git+file:///roots/r\"", "\"\"",
        "\"flake:x\"",
        "{ type = \"path\"; path = \"/roots/r\"; }", "{ url = \"file:///roots/r\"; }", "\"http://x.invalid/\"",
        "{ type = \"git\"; url = \"file:///roots/r\"; }", "(\"path:\" + rep 10 \"a\")", "{ url = 1; }",
    ]
}
