import NixStore

/// The files that hostile sources read and import, in the directory of a job.
enum HostileFiles {
    private static let texts: [(path: String, text: String)] = [
        ("x", "text of x"),
        ("lib.nix", "{ a ? 1, ... }@args: x: [ a x (builtins.attrNames args) ]"),
        ("value.nix", "{ a = 1; b = import ./d; c = [ ./x (throw \"c\") ]; }"),
        ("self.nix", "import ./self.nix"),
        ("chain.nix", "n: if n == 0 then 0 else 1 + import ./chain.nix (n - 1)"),
        ("bad.nix", "{ a = 1; b = ; }"),
        ("undefined.nix", "a + nothing"),
        ("scoped.nix", "[ a (import ./x) ]"),
        ("deep.nix", String(repeating: "[", count: 2_000) + String(repeating: "]", count: 2_000)),
        ("wide.nix", "{ " + (0..<500).map { "k\($0) = \($0); " }.joined() + "}"),
        ("line.nix", "1 +" + String(repeating: " ", count: 5_000) + "\"a\""),
        ("d/default.nix", "import ../value.nix"),
        ("d/e/f", "{ \"a\": [1, 2, null] }"),
        ("flake.nix", "{ outputs = { self }: { a = self; b = 1; }; }"),
        ("lock/flake.nix", "{ inputs.x.url = \"path:../d\"; outputs = inputs: inputs; }"),
        ("lock/flake.lock", "{ \"nodes\": { \"root\": { } }, \"root\": \"root\", \"version\": 7 }"),
    ]

    /// Gives access to the files and to nothing else.
    static func io() -> RootedIO? {
        let files = texts.map { BundleFile(path: Array($0.path.utf8), contents: Array($0.text.utf8)) }
        return try? RootedIO(roots: [], bundle: files)
    }
}
