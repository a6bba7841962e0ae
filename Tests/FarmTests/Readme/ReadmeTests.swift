import Foundation
import Testing

/// Every command in a block of README.md works as printed.
@Suite struct ReadmeTests {
    /// Checks which lines count as commands, so that none is skipped.
    @Test func theReadmeIsUnderstood() {
        let titles = Readme.sections.map(\.title)
        #expect(
            titles == [
                "Two commands", "Use", "Into a Nix store", "Flakes and the network", "A farm on this machine",
                "Prepared sets", "A whole package set",
                "A farm on three machines",
            ])
        #expect(Readme.sections.flatMap(\.commands).count > 25)
        for section in Readme.sections {
            for case .other(let line) in section.steps { Issue.record("\(section.title): '\(line)' is no command") }
        }
    }

    /// The scripts are not run here, because they run this test.
    @Test func theScriptsAreThere() throws {
        for command in Readme.sections.flatMap(\.commands) where command.hasPrefix("scripts/") {
            let script = try #require(command.split(separator: " ").first)
            #expect(FileManager.default.isExecutableFile(atPath: Readme.folder.appending(path: script).path))
        }
    }

    @Test(arguments: Readme.sections.filter { $0.title != "Two commands" })
    func everyCommandRunsAsItIsPrinted(_ section: Readme.Section) async throws {
        try await ReadmeRun().follow(section)
    }
}
