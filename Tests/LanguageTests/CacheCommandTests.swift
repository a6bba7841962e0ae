import Foundation
import Testing

/// Several processes, and ones that die, with one cache.
@Suite struct CacheCommandTests {
    /// Runs a script in a folder with the sources `1.nix` to `8.nix`, whose values are their numbers and whose programs have
    /// more than a thousand bytes each. `FIRN_CACHE_DIR` is in the folder.
    private func run(_ script: String) async throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for number in 1...8 {
            let list = (0..<200).map { "\"word \(number) \($0)\"" }.joined(separator: " ")
            let source = "if builtins.length [ \(list) ] == 200 then \(number) else throw \"wrong\""
            try Data(source.utf8).write(to: folder.appendingPathComponent("\(number).nix"))
        }
        let head = "export FIRN_CACHE_DIR=\"$PWD/cache\"; ulimit -c 0; firn=\"$0\"\n"
        let outcome = try await FirnProcess.run(script: head + script, in: folder)
        return outcome.output.split(separator: "\n").map(String.init)
    }

    private static let count = #"$firn cache info --json | grep -o '"files":[0-9]*'"#

    @Test func manyProcessesWriteAtOnce() async throws {
        let lines = try await run(
            """
            for round in 1 2; do for n in 1 2 3 4 5 6 7 8; do $firn eval ./$n.nix > out$round.$n & done; done; wait
            cat out* | sort | uniq -c | sed 's/^ *//'
            \(Self.count)
            """)
        #expect(lines == (1...8).map { "2 \($0)" } + ["\"files\":8"])
    }

    /// The system kills a process that writes past its limit on the size of files, in the middle of the entry.
    @Test func aProcessIsKilledWhileItWrites() async throws {
        let lines = try await run(
            """
            $firn eval ./1.nix; \(Self.count)
            size=$(stat -c %s cache/programs/entries)
            (ulimit -f $((size / 512 + 2)); $firn eval ./2.nix; echo status $?) 2> /dev/null
            test $(stat -c %s cache/programs/entries) -gt $size && echo partial
            \(Self.count)
            $firn eval ./2.nix; $firn eval ./1.nix; \(Self.count)
            """)
        // 153 is 128 and the number of the signal XFSZ.
        #expect(
            lines == [
                "1", "\"files\":1", "2", "status 153", "partial", "\"files\":1", "2", "1", "\"files\":2",
            ])
    }

    /// A disk that is full: writing fails, and what was written of the entry is given back.
    @Test func theDiskIsFull() async throws {
        let lines = try await run(
            """
            $firn eval ./1.nix
            size=$(stat -c %s cache/programs/entries)
            (trap '' XFSZ; ulimit -f $((size / 512 + 2)); $firn eval ./2.nix; echo status $?)
            test $(stat -c %s cache/programs/entries) -le $((size + 7)) && echo unchanged
            \(Self.count)
            rm -r cache
            (trap '' XFSZ; ulimit -f 1; $firn eval ./1.nix; echo status $?; $firn cache info --json | grep -o '"files":[0-9]*')
            $firn eval ./1.nix; \(Self.count)
            """)
        #expect(
            lines == [
                "1", "2", "status 0", "unchanged", "\"files\":1", "1", "status 0", "\"files\":0", "1", "\"files\":1",
            ])
    }

    /// Another process has locked the cache and does not end: nothing is written, and the evaluation is not held up for long.
    @Test func theLockIsHeld() async throws {
        let lines = try await run(
            """
            $firn eval ./1.nix
            flock cache/programs/lock "$firn" eval ./2.nix
            \(Self.count)
            $firn cache clear
            """)
        #expect(lines == ["1", "2", "\"files\":1", "1 programs removed"])
    }
}
