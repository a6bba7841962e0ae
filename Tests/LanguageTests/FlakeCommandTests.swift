import Foundation
import TestSupport
import Testing

/// Flakes on the command line.
@Suite struct FlakeCommandTests {
    private static let files = [
        "flake.nix": """
        {
          description = "a flake";
          inputs.leaf.url = "path:./leaf";
          outputs = { self, leaf }: {
            v = leaf.v;
            home = builtins.getEnv "HOME";
            packages.x86_64-linux.default = derivation { name = "d"; system = "x86_64-linux"; builder = "/b"; };
            packages.aarch64-linux.default = derivation { name = "d"; system = "aarch64-linux"; builder = "/b"; };
            legacyPackages.x86_64-linux.broken = throw "broken";
            checks.x86_64-linux.c = derivation { name = "c"; system = "x86_64-linux"; builder = "/b"; };
            hydraJobs.a.b = derivation { name = "j"; system = "x86_64-linux"; builder = "/b"; };
            overlays.default = final: prev: { };
            templates.t = { description = "T"; path = ./.; };
            nixosModules = { };
            apps.x86_64-linux.run = { type = "app"; program = "/p"; };
          };
        }
        """,
        "leaf/flake.nix": "{ outputs = { self }: { v = 5; }; }",
    ]

    private func inFolder(
        _ files: [String: String] = Self.files,
        _ body: (URL, ([String]) async throws -> LanguageOutcome) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appendingPathComponent("firn-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, text) in files {
            let file = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try await body(folder) { words in
            try await FirnProcess.run(
                words, in: folder, environment: ["XDG_CACHE_HOME": "\(folder.path)/cache", "TZ": "UTC"])
        }
    }

    @Test func evaluatesOutputs() async throws {
        try await inFolder { _, firn in
            let value = try await firn(["eval", ".#v"])
            #expect(value.output == "5\n" && value.messages.contains("creating lock file"), "\(value)")
            #expect(try await firn(["eval", "--flake", ".#v"]).output == "5\n")
            #expect(try await firn(["eval", ".#v", "--no-update-lock-file", ".#home"]).output == "5\n\"\"\n")
            let home = try await firn(["eval", "--raw", ".#home", "--impure"])
            #expect(home.output == "/homeless-shelter", "\(home)")
            let instantiated = try await firn(["instantiate", "--eval-system", "x86_64-linux", "." + "#"])
            #expect(instantiated.output.hasSuffix("-d.drv\n"), "\(instantiated)")
            let missing = try await firn(["eval", ".#w"])
            #expect(missing.status == 1 && missing.messages.contains("Did you mean v?"))
        }
    }

    @Test(arguments: [
        (["eval", ".#v", "--arg", "a", "1"], "flakes take no arguments"),
        (["eval", ".#v", "-A", "x"], "-A is for files"),
        (["eval", ".#v", "file.nix"], "'file.nix' is a file, and flakes are evaluated"),
        (["eval", "x.nix", "--update-input", "a"], "--update-input is for flakes"),
        (["eval", ".#v", "--commit-lock-file"], "git commit flake.lock"),
        (["eval", "-E", "1", "--flake"], "exclude each other"),

        (["flake", "lock", "--override-input", "a"], "--override-input"), (["flake", "nope"], "has no command 'nope'"),
    ])
    func refusesWhatDoesNotGoTogether(words: [String], reason: String) async throws {
        try await inFolder { _, firn in
            let outcome = try await firn(words)
            #expect(outcome.status == 2 && outcome.messages.contains(reason), "\(outcome)")
        }
    }

    @Test func showsOutputs() async throws {
        try await inFolder { _, firn in
            _ = try await firn(["flake", "lock"])
            let shown = try await firn(["flake", "show", "--eval-system", "x86_64-linux"])
            #expect(shown.status == 0, "\(shown)")
            let lines = shown.output.split(separator: "\n").dropFirst()
            #expect(
                lines.joined(separator: "\n") == """
                    ├───apps
                    │   └───x86_64-linux
                    │       └───run: app: no description
                    ├───checks
                    │   └───x86_64-linux
                    │       └───c: derivation 'c'
                    ├───home: unknown
                    ├───hydraJobs
                    │   └───a
                    │       └───b: derivation 'j'
                    ├───legacyPackages
                    │   └───x86_64-linux omitted (use '--legacy' to show)
                    ├───overlays
                    │   └───default: Nixpkgs overlay
                    ├───packages
                    │   ├───aarch64-linux
                    │   │   └───default omitted (use '--all-systems' to show)
                    │   └───x86_64-linux
                    │       └───default: package 'd'
                    ├───templates
                    │   └───t: template: T
                    └───v: unknown
                    """)
            let all = try await firn(["flake", "show", "--all-systems", "--legacy", "--json"])
            #expect(
                all.output
                    == #"{"apps":{"x86_64-linux":{"run":{"type":"app"}}},"checks":{"x86_64-linux":{"c":{"description":"","name":"c","type":"derivation"}}},"home":{"type":"unknown"},"hydraJobs":{"a":{"b":{"description":"","name":"j","type":"derivation"}}},"legacyPackages":{"x86_64-linux":{"broken":{}}},"overlays":{"default":{"type":"nixpkgs-overlay"}},"packages":{"aarch64-linux":{"default":{"description":"","name":"d","type":"derivation"}},"x86_64-linux":{"default":{"description":"","name":"d","type":"derivation"}}},"templates":{"t":{"description":"T","type":"template"}},"v":{"type":"unknown"}}"#
                    + "\n")
        }
    }

    @Test func showsMetadata() async throws {
        try await inFolder { folder, firn in
            _ = try await firn(["flake", "lock", "path:."])
            let shown = try await firn(["flake", "metadata", "path:."])
            let lines = shown.output.split(separator: "\n").map(String.init)
            #expect(lines.count == 7, "\(shown)")
            #expect(lines.first == "Resolved URL:  path:\(folder.path)")
            #expect(
                lines[2] == "Description:   a flake" && lines[5] == "Inputs:" && lines[6] == "└───leaf: path:./leaf")
            let json = try await firn(["flake", "metadata", "path:.", "--json"])
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any], "\(json)")
            #expect(
                object.keys.sorted() == [
                    "description", "lastModified", "locked", "locks", "original", "originalUrl", "path", "resolved",
                    "resolvedUrl", "url",
                ])
        }
    }

    @Test func followsGit() async throws {
        let script = """
            set -e
            export HOME="$PWD" GIT_CONFIG_GLOBAL=/dev/null
            git init -q -b main . && git config user.email a@example.org && git config user.name a
            echo ignored > untracked.nix
            git add flake.nix leaf && git commit -qm 1
            "$0" eval .#v 2> messages
            grep -q "Git tree '$PWD' is dirty" messages
            git ls-files --error-unmatch flake.lock
            git commit -qam 2
            "$0" flake metadata | grep '^Revision:' | sed "s/$(git rev-parse HEAD)/HEAD/"
            "$0" flake metadata "git+file://$PWD?rev=$(git rev-parse HEAD~)" --no-write-lock-file 2> messages | grep '^Revisions:'
            grep -q 'not writing modified lock file' messages
            cd leaf && "$0" eval .#v
            """
        try await inFolder { folder, _ in
            let outcome = try await FirnProcess.run(script: script, in: folder)
            #expect(outcome.output == "5\nflake.lock\nRevision:      HEAD\nRevisions:     1\n5\n", "\(outcome)")
        }
    }

    @Test func readsRegistriesOfTheConfiguration() async throws {
        var files = Self.files
        files["home/nix/registry.json"] =
            #"{ "version": 2, "flakes": [ { "from": { "type": "indirect", "id": "mine" }, "to": { "type": "path", "path": "FOLDER/leaf" } } ] }"#
        files["user/flake.nix"] = "{ outputs = { self, leaf }: { v = leaf.v + 1; }; }"
        try await inFolder(files) { folder, _ in
            let registry = folder.appendingPathComponent("home/nix/registry.json")
            let text = try String(contentsOf: registry, encoding: .utf8).replacingOccurrences(
                of: "FOLDER", with: folder.path)
            try Data(text.utf8).write(to: registry)
            func firn(_ words: [String]) async throws -> LanguageOutcome {
                try await FirnProcess.run(words, in: folder, environment: ["XDG_CONFIG_HOME": "\(folder.path)/home"])
            }
            #expect(try await firn(["eval", "mine#v"]).output == "5\n")
            #expect(
                try await firn(["eval", "mine#v", "--no-registries"]).messages.contains(
                    "cannot find flake 'flake:mine'"))
            #expect(
                try await firn(["eval", "path:./user#v", "--inputs-from", "path:."]).messages.contains("flake:leaf"))
            let renamed = text.replacingOccurrences(of: "mine", with: "leaf")
            try Data(renamed.utf8).write(to: folder.appendingPathComponent("global.json"))
            let global = try await firn(["eval", "path:./user#v", "--flake-registry", "\(folder.path)/global.json"])
            #expect(global.output == "6\n", "\(global)")
        }
    }

    /// A server with TLS, whose certificate an authority of this test's own has signed.
    @Test func checksCertificates() async throws {
        let script = """
            set -e
            mkdir -p site/top && echo '{ outputs = { self }: { v = 8; }; }' > site/top/flake.nix
            tar -C site -czf site/a.tar.gz top
            openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \\
                -addext subjectAltName=IP:127.0.0.1 2> /dev/null
            cat > serve.py <<'END'
            import http.server, ssl, sys, threading
            class Handler(http.server.SimpleHTTPRequestHandler):
                def log_message(self, *words): pass
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain("../cert.pem", "../key.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
            print(server.server_port, flush=True)
            threading.Timer(60, lambda: server.shutdown()).start()
            server.serve_forever()
            END
            mkfifo port
            (cd site && exec python3 ../serve.py > ../port) &
            server=$!
            trap 'kill $server' EXIT
            read port < port
            export XDG_CACHE_HOME="$PWD/cache" FIRN_CACHE_DIR="$PWD/cache"
            url="https://127.0.0.1:$port/a.tar.gz"
            "$0" eval "$url#v" 2>&1 | grep -c 'opens no connection'
            "$0" eval "$url#v" --allow-network --option download-attempts 1 2>&1 | grep -c 'curl: (60)'
            "$0" eval "$url#v" --allow-network --ssl-cert-file "$PWD/cert.pem"
            "$0" eval --allow-network -E "builtins.attrNames (builtins.readDir (fetchTarball \\"$url\\"))"
            """
        try await inFolder { folder, _ in
            let outcome = try await FirnProcess.run(script: script, in: folder)
            #expect(outcome.output == "1\n1\n8\n[ \"flake.nix\" ]\n", "\(outcome)")
        }
    }

    /// A repository that a Git daemon on the loopback interface serves.
    @Test func copiesRepositories() async throws {
        let script = """
            set -e
            export HOME="$PWD" GIT_CONFIG_GLOBAL=/dev/null XDG_CACHE_HOME="$PWD/cache" FIRN_CACHE_DIR="$PWD/cache"
            mkdir r && cd r
            git init -q -b trunk . && git config user.email a@example.org && git config user.name a
            echo '{ outputs = { self }: { v = 1; n = self.revCount; }; }' > flake.nix
            git add . && git commit -qm 1 && first=$(git rev-parse HEAD) && cd ..
            cat > port.py <<'END'
            import socket
            s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])
            END
            port=$(python3 port.py)
            git daemon --listen=127.0.0.1 --port="$port" --base-path="$PWD" --export-all --pid-file="$PWD/pid" --detach "$PWD/r"
            trap 'kill $(cat pid)' EXIT
            n=0; until git ls-remote "git://127.0.0.1:$port/r" > /dev/null 2>&1; do n=$((n + 1)); test $n -lt 1000; done
            url="git://127.0.0.1:$port/r"
            "$0" eval "$url#v" 2>&1 | grep -c 'opens no connection'
            "$0" eval --allow-network "$url#v" "$url#n"
            (cd r && sed -i 's/v = 1/v = 2/' flake.nix && git commit -qam 2)
            "$0" eval --allow-network "$url#v"
            "$0" eval --allow-network --refresh "$url#v" "$url?rev=$first#v" "$url?ref=trunk#n"
            "$0" flake metadata --allow-network "$url" --json | sed 's/.*"locked":{[^}]*"ref":"\\([^"]*\\)".*/\\1/'
            ls cache/nix/gitv3 | grep -vc lock
            "$0" eval --allow-network "git://127.0.0.1:$port/none#v" 2>&1 | grep -c 'exit code 128'
            "$0" eval --allow-network --impure -E 'builtins.fetchGit "ext://127.0.0.1/x"' 2>&1 | grep -c 'its scheme is none of'
            """
        try await inFolder([:]) { folder, _ in
            let outcome = try await FirnProcess.run(script: script, in: folder)
            #expect(outcome.output == "1\n1\n1\n1\n2\n1\n2\nrefs/heads/trunk\n1\n1\n1\n", "\(outcome)")
        }
    }
}
