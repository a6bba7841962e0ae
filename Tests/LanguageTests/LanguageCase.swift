import Foundation
import Testing

/// One case of the language suite (Tests/Language): a source and its expected result.
///
/// `scripts/oracle --help` describes the files of a case.
struct LanguageCase: Sendable, CustomTestStringConvertible {
    /// The topic and name, as in `strings/escapes`.
    let name: String
    let source: URL
    /// The expected output; nil for a case that must fail.
    let expected: String?
    /// Lines that the messages must contain, in this order.
    let messages: [String]
    /// Arguments in addition to `--strict`.
    let flags: [String]
    /// Whether the value is completely forced before it is printed.
    let isStrict: Bool
    /// The memory limit in MiB of a heavy case; nil for an ordinary one.
    let memoryMebibytes: Int?

    var testDescription: String { name }

    /// The folder Tests/Language of this checkout.
    static let suite = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Language")

    /// All cases, sorted by name.
    static let all: [LanguageCase] = {
        let found = FileManager.default.enumerator(at: suite, includingPropertiesForKeys: nil)
        let sources = (found?.compactMap { $0 as? URL } ?? []).filter { url in
            url.pathExtension == "nix" && !url.pathComponents.contains("data")
        }
        return sources.map(LanguageCase.init).sorted { $0.name < $1.name }
    }()

    static let ordinary = all.filter { $0.memoryMebibytes == nil }
    static let heavy = all.filter { $0.memoryMebibytes != nil }

    init(source: URL) {
        func read(_ suffix: String) -> String? {
            let path = source.deletingPathExtension().appendingPathExtension(suffix)
            return (try? Data(contentsOf: path)).map { String(decoding: $0, as: UTF8.self) }
        }
        self.source = source.standardizedFileURL
        name = source.deletingPathExtension().pathComponents.suffix(2).joined(separator: "/")
        expected = read("exp")
        messages = (read("err") ?? "").split(separator: "\n").map(String.init)
        let words = (read("flags") ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
        flags = words.filter { $0 != "no-strict" }
        isStrict = !words.contains("no-strict")
        memoryMebibytes = read("mem").flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    /// The arguments of `firn eval` for this case.
    var arguments: [String] {
        let memory = memoryMebibytes.map { ["--max-memory", "\($0)MiB"] } ?? []
        return (isStrict ? ["--strict"] : []) + memory + flags + [source.path]
    }
}
