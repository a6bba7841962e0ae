import Foundation
import NixEval
import NixStore
import NixVM
import Testing

/// The language suite, evaluated in machines that continue from an image of a library: results and messages are those of
/// machines that begin with nothing.
///
/// The library is that in Tests/Language/library, or the directory that `FIRN_IMAGE_LIBRARY` names, such as the `lib` of
/// nixpkgs.
@Suite(.serialized) struct ImageLanguageTests {
    private static let suite = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Language")

    private static let sources: [URL] = {
        let found = FileManager.default.enumerator(at: suite, includingPropertiesForKeys: nil)
        return (found?.compactMap { $0 as? URL } ?? []).filter { url in
            // Cases with options are about the command line, and heavy ones need a process of their own.
            url.pathExtension == "nix" && !url.pathComponents.contains("data")
                && !["flags", "mem"].contains { suffix in
                    FileManager.default.fileExists(
                        atPath: url.deletingPathExtension().appendingPathExtension(suffix).path)
                }
        }.sorted { $0.path < $1.path }
    }()

    private static func library() -> String {
        if let directory = ProcessInfo.processInfo.environment["FIRN_IMAGE_LIBRARY"] { return "import \(directory)" }
        return ImageTests.base
    }

    /// The result or the error of a case.
    private static func outcome(_ source: URL, _ image: HeapImage?, _ settings: MachineSettings) -> String {
        BigStack.run {
            var limits = Limits()
            limits.depth = 100_000
            // Under stress each unit of fuel may move the whole heap.
            if settings.stress { limits.fuel = 2_000 }
            let options = EvaluatorOptions(limits: limits, settings: settings)
            guard let evaluator = Evaluator(io: LocalIO(), options: options, image: image, print: { _ in }) else {
                return "no room"
            }
            do throws(EvalFailure) {
                let value = try evaluator.deepForce(evaluator.load(file: Array(source.path.utf8)))
                return String(decoding: try evaluator.machine.printResult(value), as: UTF8.self)
            } catch {
                return String(decoding: evaluator.report(error).text(showTrace: true), as: UTF8.self)
            }
        } ?? "no thread"
    }

    @Test(arguments: [false, true])
    func agreesWithoutImage(isStressed: Bool) throws {
        let scratch = try ImageTests.Scratch()
        try ImageTests.write(Self.library(), to: scratch.path + "/library")
        let image = try HeapImage(opening: scratch.path + "/library")
        #expect(Self.sources.count >= 500)
        for source in Self.sources {
            let expected = Self.outcome(source, nil, MachineSettings(stress: isStressed))
            let found = Self.outcome(source, image, MachineSettings(stress: isStressed))
            #expect(found == expected, "\(source.lastPathComponent)")
        }
    }
}
