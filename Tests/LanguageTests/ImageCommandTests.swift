import Foundation
import Testing

/// Automatic images: what one evaluation of the command line leaves for the next.
///
/// Files that were just written are no dependency that can be relied on by their times, so these tests compare contents.
@Suite struct ImageCommandTests {
    /// A set that takes enough memory for an image to be kept.
    private static let prelude = """
        set -eu
        export FIRN_CACHE_DIR="$PWD/cache" LC_ALL=C.UTF-8
        cat > set.nix <<'E'
        let numbers = builtins.genList (n: [ n (n + 1) { inherit n; } ]) 200000;
        in { sum = builtins.foldl' (a: b: a + builtins.head b) (import ./more.nix) numbers; variable = builtins.getEnv "IMAGE_TEST";
             noisy = builtins.trace "heard" (builtins.length numbers); here = builtins.pathExists ./optional; }
        E
        echo 1 > more.nix
        look() { "$0" eval --check-content ./set.nix "$@"; }
        images() { find cache/images -name '*.image' 2>/dev/null | wc -l; }
        """

    private func run(_ script: String) async throws -> LanguageOutcome {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await FirnProcess.run(script: Self.prelude + "\n" + script, in: folder)
    }

    private func expect(
        _ script: String, _ output: String, messages: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let outcome = try await run(script)
        #expect(outcome.status == 0, "\(outcome.messages)", sourceLocation: sourceLocation)
        #expect(outcome.output == output, "\(outcome.messages)", sourceLocation: sourceLocation)
        if let messages { #expect(outcome.messages.contains(messages), sourceLocation: sourceLocation) }
    }

    @Test func theSecondEvaluationContinues() async throws {
        // What is read is only looked at again, so the second evaluation needs no file but to compare it.
        try await expect(
            """
            look -A sum; images; look -A sum; look -A variable; images
            """, "19999900001\n1\n19999900001\n\"\"\n1\n")
    }

    @Test func changesAreSeen() async throws {
        try await expect(
            """
            look -A sum; echo 2 > more.nix; look -A sum; look -A variable
            IMAGE_TEST=x look -A variable; look -A here; touch optional; look -A here; rm optional; look -A here
            mv more.nix other.nix; ln -s other.nix more.nix; look -A sum; rm more.nix; echo 5 > more.nix; look -A sum
            """,
            "19999900001\n19999900002\n\"\"\n\"x\"\nfalse\ntrue\nfalse\n19999900002\n19999900005\n")
    }

    @Test func messagesAreRepeated() async throws {
        let outcome = try await run("look -A noisy; look -A noisy; images")
        #expect(outcome.output == "200000\n200000\n0\n")
        #expect(outcome.messages == "trace: heard\ntrace: heard\n")
    }

    @Test func damageIsNamedAndMended() async throws {
        try await expect(
            """
            look -A sum
            file=$(echo cache/images/*.image)
            printf x | dd of="$file" bs=1 seek=20000 conv=notrunc 2>/dev/null
            look -A sum; look -A sum
            : > "$file"
            look -A sum; images
            """, "19999900001\n19999900001\n19999900001\n19999900001\n1\n", messages: "the image is damaged")
    }

    @Test func twoProcessesAtOnce() async throws {
        try await expect(
            """
            look -A sum > a & look -A sum > b & look -A sum > c & wait
            cat a b c; images; find cache/images -name '*.tmp' | wc -l; look -A sum
            """, "19999900001\n19999900001\n19999900001\n1\n0\n19999900001\n")
    }

    @Test func aKilledProcessLeavesNoImage() async throws {
        // The limit on the size of files ends the process, by SIGXFSZ, in the middle of writing the image.
        try await expect(
            """
            mkdir -p cache/programs
            (ulimit -f 8192; look -A sum > /dev/null 2>&1) || true
            images; look -A sum; images; "$0" cache clear > /dev/null; images; find cache/images -type f | wc -l
            """, "0\n19999900001\n1\n0\n0\n")
    }

    @Test func optionsThatCannotBeRepeated() async throws {
        try await expect(
            """
            look -A sum --no-cache; look -A sum --no-image; look -A sum --max-fuel 100000000; look -A sum --max-depth 1000; images
            """, "19999900001\n19999900001\n19999900001\n19999900001\n0\n")
    }
}
