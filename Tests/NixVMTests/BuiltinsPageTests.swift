import Foundation
import Testing

@testable import NixVM

@Suite struct BuiltinsPageTests {
    /// That the page says what the table does. With FIRN_GENERATE set, as `scripts/generate-builtins` sets it, the page is
    /// written.
    @Test func pageIsUpToDate() throws {
        let page = try String(contentsOf: BuiltinsPage.file, encoding: .utf8)
        let updated = try #require(BuiltinsPage.updated(page), "the page has no place for the table")
        if ProcessInfo.processInfo.environment["FIRN_GENERATE"] != nil {
            try updated.write(to: BuiltinsPage.file, atomically: true, encoding: .utf8)
        } else {
            #expect(page == updated, "protocol/builtins.md is out of date: run scripts/generate-builtins")
        }
    }

    /// Versions are those of releases, and summaries are sentences of one line.
    @Test func rowsAreComplete() {
        let rows =
            BuiltinTable.builtins.map { ($0.name, $0.since, $0.summary) }
            + BuiltinConstant.all.map { ($0.name, $0.since, $0.summary) }
        for (name, since, summary) in rows {
            #expect(since.wholeMatch(of: /[0-9]+\.[0-9]+(\.[0-9]+)?/) != nil, "\(name)")
            #expect(summary.hasSuffix(".") && !summary.contains("\n"), "\(name)")
        }
    }
}
