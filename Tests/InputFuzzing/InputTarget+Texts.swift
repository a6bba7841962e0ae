import Glibc

/// The text formats of the language. They are read as a program reads them, so the machine's rules are checked as well.
extension InputTarget {
    static let texts = [
        InputTarget("json", seeds: [#"{"a":[1,-2.5e3,"\u00e9\n",null,true],"b":{}}"#, "[[[[1]]]]", "1e400"]) { bytes in
            Evaluation.apply(
                """
                s: let v = builtins.fromJSON s; t = builtins.toJSON v; u = builtins.toJSON (builtins.fromJSON t);
                in if t == u then null else "JSON changes: ${t} ${u}"
                """, bytes)
        },
        InputTarget(
            "toml",
            seeds: [
                "a = 1\n[b.c]\nd = [\"e\", '''f''']\n[[g]]\nh = 1979-05-27T07:32:00Z\n", "a.b = { c = 0x1F, d = inf }",
            ]
        ) { bytes in
            Evaluation.apply("s: builtins.deepSeq (builtins.fromTOML s) null", bytes)
        },
        InputTarget("xml", seeds: ["<a>&\"'\n\t\u{7f}", "\u{fffd}"]) { bytes in
            Evaluation.apply("s: builtins.seq (builtins.toXML { ${s} = [ s 1.5 (x: x) ]; }) null", bytes)
        },
        InputTarget("versions", seeds: ["1.0pre2", "hello-2.10.1-rc3", "a..b-"]) { bytes in
            Evaluation.apply(
                """
                s: let inherit (builtins) compareVersions splitVersion substring stringLength parseDrvName;
                  half = stringLength s / 2; a = substring 0 half s; b = substring half (-1) s;
                in if compareVersions a b != - (compareVersions b a) then "compareVersions is no order: ${a} ${b}"
                else if compareVersions s s != 0 then "a version differs from itself: ${s}"
                else builtins.deepSeq [ (splitVersion s) (parseDrvName s) ] null
                """, bytes)
        },
        InputTarget("regex-calls", seeds: ["(a|b)*c\nabac", "[[:alpha:]]{2,3}\nxyz", "^a.?$\nab"]) { bytes in
            Evaluation.apply(
                """
                s: let parts = builtins.split "\\n" s; p = builtins.head parts;
                  t = builtins.concatStringsSep "" (builtins.filter builtins.isString (builtins.tail parts));
                  pieces = builtins.split p t;
                  strings = builtins.filter builtins.isString pieces;
                in builtins.deepSeq [ (builtins.match p t) pieces ]
                  (if builtins.length pieces == 2 * builtins.length strings - 1 then null else "split: ${s}")
                """, bytes)
        },
        InputTarget("regex", seeds: ["(a|b)*c\nabac", "[ab]{2,3}\naba", "^a.?$\nab", "(a?b+|)*\nabb"]) { bytes in
            RegexComparison.run(bytes)
        },
        InputTarget(
            "hashes",
            seeds: [
                "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
                "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73",
            ]
        ) { bytes in
            Evaluation.apply(
                """
                s: let to = hash: toHashFormat: builtins.convertHash { inherit hash toHashFormat; hashAlgo = "sha256"; };
                  forms = map (to s) [ "base16" "base64" "nix32" "sri" ];
                in if builtins.all (f: to f "base16" == builtins.head forms) forms then null else "hash: ${s}"
                """, bytes)
        },
    ]
}

/// Compares whole matches with those of the C library, which is slow and of another make. Only patterns of what both
/// define alike are compared.
enum RegexComparison {
    private static let common = Set("abc.*+?|()[]{}0123,^$-".utf8)

    static func run(_ bytes: [UInt8]) {
        let parts = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count <= 24, parts[1].count <= 24, parts[0].allSatisfy(common.contains),
            parts[1].allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "c")).contains($0) })
        else { return }
        let (pattern, text) = (String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self))
        guard isUnambiguous(pattern), let expected = reference(pattern, text) else { return }
        let source = #"if builtins.match "\#(pattern.replacing("$", with: "\\$"))" "\#(text)" == null then 0 else 1"#
        guard let outcome = Evaluation.outcome(Array(source.utf8)), outcome.failure == nil else { return }
        require(outcome.text == (expected ? "1" : "0"), "'\(pattern)' on '\(text)': \(outcome.text), not \(expected)")
    }

    /// Whether a pattern has none of the forms that POSIX leaves undefined or that the C library reads in its own way: a
    /// repetition of a repetition, of an anchor or of nothing, and anchors within a pattern.
    private static func isUnambiguous(_ pattern: String) -> Bool {
        var last: Character = "("
        for character in pattern {
            if "*+?{".contains(character), "(|*+?}^$".contains(last) { return false }
            if "|)".contains(character), "(|".contains(last) { return false }
            if "^$".contains(character) { return false }
            last = character
        }
        return last != "|"
    }

    /// Whether all of a text matches; nil if the C library does not take the pattern.
    private static func reference(_ pattern: String, _ text: String) -> Bool? {
        var compiled = unsafe regex_t()
        guard unsafe regcomp(&compiled, "^(\(pattern))$", REG_EXTENDED | REG_NOSUB) == 0 else { return nil }
        defer { unsafe regfree(&compiled) }
        return unsafe regexec(&compiled, text, 0, nil, 0) == 0
    }
}
