import Foundation
import InputFuzzing
import Testing

/// The seeds of all targets, and the inputs that were found to be read wrongly. A fault ends the process.
@Suite struct InputReplayTests {
    private static let findings = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("Findings")

    @Test(arguments: InputTarget.all.map(\.name)) func seedsAreRead(_ name: String) throws {
        let target = try #require(InputTarget.named(name))
        #expect(!target.seeds.isEmpty)
        for seed in target.seeds {
            target.run(seed)
            // Cut off and damaged, at places all over it.
            for index in stride(from: 0, to: seed.count, by: 1 + seed.count / 30) {
                target.run(Array(seed.prefix(index)))
                var damaged = seed
                damaged[index] ^= 0x11
                target.run(damaged)
            }
        }
    }

    /// A finding is a file `TARGET/NAME`.
    @Test func findingsAreMended() throws {
        let folders = try FileManager.default.contentsOfDirectory(at: Self.findings, includingPropertiesForKeys: nil)
        for folder in folders where folder.hasDirectoryPath {
            let target = try #require(InputTarget.named(folder.lastPathComponent), "\(folder.path)")
            for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
                target.run([UInt8](try Data(contentsOf: file)))
            }
        }
    }
}
