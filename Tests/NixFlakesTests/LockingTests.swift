import Foundation
import NixFormats
import NixStore
import NixVM
import Testing

@testable import NixFlakes

/// Locking the inputs of flakes, and evaluating with the locks.
@Suite struct LockingTests {
    private static let leaf = "{ outputs = { self }: { v = 1; }; }"

    /// A flake with an input of each kind.
    private static let files = [
        "flake.nix": """
        {
          description = "all";
          inputs.leaf.url = "path:@/leaf";
          inputs.mid = { url = "path:@/mid"; inputs.x.follows = "leaf"; };
          inputs.sub.url = "path:./sub";
          inputs.raw = { url = "path:@/raw"; flake = false; };
          outputs = { self, leaf, mid, sub, raw }: {
            all = [ leaf.v mid.v sub.v (builtins.readFile "${raw}/f") ];
            names = builtins.attrNames self.inputs;
            packages.x86_64-linux = { default = "default"; p = "package"; };
            legacyPackages.x86_64-linux = { p = "legacy"; q = "legacy"; };
            p = "plain"; q = "plain"; r = "plain";
            secret = builtins.readFile @/outside;
            system = builtins.currentSystem or "none";
          };
        }
        """,
        "leaf/flake.nix": leaf,
        "mid/flake.nix": """
        { inputs.x.url = "path:@/missing"; inputs.y.url = "path:@/leaf";
          outputs = { self, x, y }: { v = x.v + y.v; }; }
        """,
        "sub/flake.nix": "{ outputs = { self }: { v = 5; p = self.sourceInfo.outPath; }; }",
        "raw/f": "text", "outside": "outside",
    ]

    private func withFolder(_ files: [String: String] = Self.files, _ body: (FlakeFolder) throws -> Void) throws {
        let folder = try FlakeFolder(files)
        defer { folder.remove() }
        try body(folder)
    }

    @Test func locksInputsAndCallsWithThem() throws {
        try withFolder { folder in
            let first = try folder.evaluate("path:@#all")
            #expect(first.value == #"[ 1 2 5 "text" ]"#, "\(first)")
            #expect(first.warnings.count == 1)
            #expect(first.warnings.first?.contains("creating lock file '\(folder.path)/flake.lock'") == true)
            let lock = try #require(folder.read("flake.lock"))
            let parsed = try LockFile(Array(lock.utf8), name: "flake.lock")
            #expect(String(decoding: parsed.text(), as: UTF8.self) + "\n" == lock)
            #expect(parsed.allInputs().map(\.path.text) == ["leaf", "mid", "mid/x", "mid/y", "raw", "sub"])
            // A second run takes the locks over, and neither writes nor warns.
            let second = try folder.evaluate("path:@#names")
            #expect(second.value == #"[ "leaf" "mid" "raw" "sub" ]"#)
            #expect(second.warnings.isEmpty && folder.read("flake.lock") == lock)
        }
    }

    @Test(arguments: [
        ("", #""default""#), ("p", #""package""#), ("q", #""legacy""#), ("r", #""plain""#), (".p", #""plain""#),
        ("packages.x86_64-linux.p", #""package""#), (#"packages."x86_64-linux".p"#, #""package""#),
        ("system", #""none""#),
    ])
    func looksAttributesUpAsNixDoes(fragment: String, value: String) throws {
        try withFolder { folder in
            let outcome = try folder.evaluate("path:@#\(fragment)")
            #expect(outcome.value == value, "\(outcome)")
        }
    }

    @Test func saysWhichAttributesAreMissing() throws {
        try withFolder { folder in
            let failure = try #require(try folder.evaluate("path:@#secre").failure)
            #expect(
                failure.contains(
                    "does not provide attribute 'packages.x86_64-linux.secre', 'legacyPackages.x86_64-linux.secre' or "
                        + "'secre'"))
            #expect(failure.contains("Did you mean secret?"))
        }
    }

    @Test func readsOnlyTheStore() throws {
        try withFolder { folder in
            let failure = try #require(try folder.evaluate("path:@#secret").failure)
            #expect(failure.contains("is forbidden in pure evaluation mode (use '--impure' to override)"))
            #expect(try folder.evaluate("path:@#secret", isPure: false).value == #""outside""#)
        }
    }

    @Test func keepsLocksUntilTheDeclarationChanges() throws {
        try withFolder { folder in
            _ = try folder.evaluate("path:@#all")
            let lock = try #require(folder.read("flake.lock"))
            // The tree changes, and its lock does not. The old tree is nowhere.
            try folder.write("leaf/flake.nix", "{ outputs = { self }: { v = 3; }; }")
            let stale = try #require(try folder.evaluate("path:@#all").failure)
            #expect(stale.contains("NAR hash mismatch in input"))
            let updated = try folder.evaluate("path:@#all") { options, _ in
                options.updates = [[Array("leaf".utf8)], [Array("mid".utf8), Array("y".utf8)]]
            }
            #expect(updated.value == #"[ 3 6 5 "text" ]"#, "\(updated)")
            #expect(updated.warnings.first?.contains("• Updated input 'leaf'") == true)
            #expect(folder.read("flake.lock") != lock)
            let recreated = try folder.evaluate("path:@#all") { options, _ in options.recreates = true }
            #expect(recreated.value == #"[ 3 6 5 "text" ]"# && recreated.warnings.isEmpty)
        }
    }

    @Test func overridesInputsForOneEvaluation() throws {
        try withFolder { folder in
            try folder.write("other/flake.nix", "{ outputs = { self }: { v = 70; }; }")
            _ = try folder.evaluate("path:@#all")
            let lock = folder.read("flake.lock")
            func overridden(_ path: String, isWritten: Bool) throws -> FlakeFolder.Outcome {
                try folder.evaluate("path:@#all") { options, _ in
                    let reference = try FlakeReference(Array("path:\(folder.path)/other".utf8))
                    options.overrides = [(try InputPath.parse(Array(path.utf8)), reference)]
                    options.isWritten = isWritten
                }
            }
            let once = try overridden("leaf", isWritten: false)
            #expect(once.value == #"[ 70 71 5 "text" ]"#, "\(once)")
            #expect(once.warnings.contains { $0.contains("not writing modified lock file") })
            #expect(folder.read("flake.lock") == lock)
            #expect(try overridden("mid/y", isWritten: false).value == #"[ 1 71 5 "text" ]"#)
            let unknown = try overridden("nope", isWritten: false)
            #expect(unknown.warnings.contains { $0.contains("does not match any input") })
            // An override that is written stays, because the original reference is that of the flake.
            _ = try overridden("leaf", isWritten: true)
            #expect(try folder.evaluate("path:@#all").value == #"[ 70 71 5 "text" ]"#)
        }
    }

    @Test func changesNoLockFileWithoutLeave() throws {
        try withFolder { folder in
            let refused = try folder.evaluate("path:@#all") { options, _ in options.mayChange = false }
            #expect(
                refused.failure?.contains(
                    "requires lock file changes but they're not allowed due to '--no-update-lock-file'")
                    == true)
            #expect(folder.read("flake.lock") == nil)
            let reference = try folder.evaluate("path:@#all") { options, _ in
                options.isWritten = false
                options.reference = (Array("{}".utf8), "given.lock")
            }
            #expect(reference.failure?.contains("lock file 'given.lock' has unsupported version 0") == true)
            let output = try folder.evaluate("path:@#all") { options, _ in options.output = "\(folder.path)/out.lock" }
            #expect(output.value == #"[ 1 2 5 "text" ]"#)
            #expect(folder.read("out.lock") != nil && folder.read("flake.lock") == nil)
        }
    }

    @Test func looksNamesUpInRegistries() throws {
        let files = [
            "flake.nix": "{ outputs = { self, leaf }: { v = leaf.v; }; }", "leaf/flake.nix": Self.leaf,
            "registry.json": """
            { "version": 2, "flakes": [
              { "from": { "type": "indirect", "id": "leaf" }, "to": { "type": "indirect", "id": "other" } },
              { "from": { "type": "indirect", "id": "other" }, "to": { "type": "path", "path": "@/leaf" } },
              { "from": { "type": "indirect", "id": "loop" }, "to": { "type": "indirect", "id": "loop" } }
            ] }
            """,
        ]
        try withFolder(files) { folder in
            let (registry, warning) = FlakeRegistries.read(Array("\(folder.path)/registry.json".utf8), io: LocalIO())
            #expect(warning == nil && registry.entries.count == 3)
            let missing = try folder.evaluate("path:@#v")
            #expect(missing.failure?.contains("cannot find flake 'flake:leaf' in the flake registries") == true)
            // The registry of a user must not decide what the inputs of a flake are.
            let user = try folder.evaluate("path:@#v") { _, registries in registries.user = registry }
            #expect(user.failure?.contains("cannot find flake 'flake:leaf'") == true)
            let top = try folder.evaluate("leaf#v") { _, registries in registries.user = registry }
            #expect(top.value == "1")
            let global = try folder.evaluate("path:@#v") { _, registries in registries.global = registry }
            #expect(global.value == "1", "\(global)")
            #expect(folder.read("flake.lock")?.contains(#""id": "leaf""#) == true)
            let loop = try folder.evaluate("loop#v") { _, registries in registries.global = registry }
            #expect(loop.failure?.contains("cycle detected in flake registry for 'flake:loop'") == true)
            let off = try folder.evaluate("leaf#v") { options, registries in
                options.usesRegistries = false
                registries.user = registry
            }
            #expect(off.failure?.contains("cannot find flake 'flake:leaf'") == true)
        }
    }

    @Test(arguments: [
        ("{ inputs.a.url = \"path:@\"; outputs = _: { }; }", "found circular import of flake"),
        ("{ inputs.a.follows = \"b\"; outputs = _: { }; }", "input 'a' follows a non-existent input 'b'"),
        (
            "{ inputs.a.follows = \"b\"; inputs.b.follows = \"a\"; outputs = _: { }; }",
            "follow cycle detected: [b -> a -> b]"
        ),
        (
            "{ inputs.a = { url = \"path:@\"; follows = \"b\"; }; outputs = _: { }; }",
            "both a flake reference and a follows"
        ),
        ("{ inputs.a.urls = \"x\"; outputs = _: { }; }", "unexpected flake input attribute 'urls'"),
        ("{ inputs.a.url = 1; outputs = _: { }; }", "expected a string or a path but got int"),
        ("{ inputs.a.url = \"path:@/none\"; outputs = _: { }; }", "/none' does not exist"),
        ("{ inputs = [ ]; outputs = _: { }; }", "expected a set but got list for 'inputs'"),
        ("{ inputs.self.x = \"1\"; outputs = _: { }; }", "flake 'self' attribute 'x' is not supported"),
        ("{ x = 1; outputs = _: { }; }", "has an unsupported attribute 'x'"),
        ("{ }", "lacks attribute 'outputs'"), ("1", "must be an attribute set"),
        ("{ inputs.a.url = \"path:../../..\"; outputs = _: { }; }", "is not in its flake"),
    ])
    func saysWhatIsWrongWithAFlake(text: String, reason: String) throws {
        try withFolder(["flake.nix": text]) { folder in
            let failure = try folder.evaluate("path:@#x").failure
            #expect(failure?.contains(reason) == true, "\(failure ?? "evaluated")")
        }
    }

    @Test func findsTheFlakeAroundAPath() throws {
        try withFolder { folder in
            try folder.write("deep/er/file", "")
            #expect(try folder.evaluate("./deep/er#r").value == #""plain""#)
            #expect(try folder.evaluate("./sub#v").value == "5")
            let file = try folder.evaluate("./sub/flake.nix#v")
            #expect(file.value == "5")
            #expect(try folder.evaluate("./outside#v").failure?.contains("it's not a directory") == true)
            #expect(try folder.evaluate("./none#v").failure?.contains("does not exist") == true)
            #expect(try folder.evaluate("./sub#v^out").failure?.contains("nothing is built here") == true)
        }
    }

    /// Locks that share nodes in every way describe a tree that grows with their product.
    @Test func boundsWhatSharedLocksStandFor() throws {
        let node =
            #""locked": { "type": "path", "path": "@/leaf", "narHash": "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }, "original": { "type": "path", "path": "@/leaf" }"#
        var nodes = (0..<40).map { #""n\#($0)": { "inputs": { "a": "n\#($0 + 1)", "b": "n\#($0 + 1)" }, \#(node) }"# }
        nodes += [#""n40": { \#(node) }"#, #""root": { "inputs": { "leaf": "n0" } }"#]
        let files = [
            "flake.nix": #"{ inputs.leaf.url = "path:@/leaf"; outputs = { self, leaf }: { v = 1; }; }"#,
            "leaf/flake.nix": Self.leaf,
            "flake.lock": #"{ "version": 7, "root": "root", "nodes": { \#(nodes.joined(separator: ",")) } }"#,
        ]
        try withFolder(files) { folder in
            let failure = try folder.evaluate("path:@#v").failure
            #expect(failure?.contains("the flake has more than \(LockFile.maximumNodes) inputs") == true)
        }
    }

    @Test func aLimitEndsLocking() throws {
        try withFolder { folder in
            let outcome = try folder.evaluate("path:@#all", limits: Limits(fuel: 50))
            #expect(outcome.failure?.contains("fuel") == true, "\(outcome)")
        }
    }

    @Test func makesExpressionsForOtherMachines() throws {
        try withFolder { folder in
            let other = try FlakeFolder()
            defer { other.remove() }
            _ = try folder.evaluate("path:@#all")
            let made = try folder.evaluate(
                "path:@#all",
                body: { flake, _ throws(EvalFailure) in
                    let portable = try flake.portable { number, _ in "\(other.path)/\(number)" }
                    for tree in portable.trees {
                        guard let source = tree.object.source?.path else { continue }
                        let from = String(decoding: source, as: UTF8.self)
                        do { try FileManager.default.copyItem(atPath: from, toPath: tree.path) } catch {
                            Issue.record("\(error)")
                        }
                    }
                    #expect(portable.trees.count == 4)
                    return "(\(portable.expression)).outputs.all"
                })
            let expression = try #require(made.value, "\(made)")
            folder.remove()
            #expect(try other.evaluate(expression: expression) == #"[ 1 2 5 "text" ]"#)
            try other.write("1/more", "")
            #expect(try other.evaluate(expression: expression).contains("NAR hash mismatch"))
        }
    }
}
