import Foundation
import NixBytecode

/// The programs that are mutated: those of the language suite, and hostile ones.
public enum Corpus {
    /// The encoded programs, in a fixed order.
    public static let programs: [[UInt8]] = sources.compactMap { SourceTarget.encoded($0) }

    /// The sources of the language suite by path, except for long ones, and some hostile sources.
    public static let sources: [String] = {
        let suite = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Language")
        let found = FileManager.default.enumerator(at: suite, includingPropertiesForKeys: nil)
        let files = (found?.compactMap { $0 as? URL } ?? []).filter {
            $0.pathExtension == "nix" && !$0.pathComponents.contains("data") && !$0.pathComponents.contains("depth")
        }
        let texts = files.sorted { $0.path < $1.path }.compactMap { try? String(contentsOf: $0, encoding: .utf8) }
        return texts.filter { $0.utf8.count < 4_000 } + (0..<60).map { HostileSource.make(seed: $0, size: 14) }
    }()
}
