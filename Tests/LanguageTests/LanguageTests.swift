import Testing

/// All cases of the language suite, evaluated by the built executable.
@Suite struct LanguageTests {
    @Test func suiteIsThere() {
        #expect(LanguageCase.all.count >= 500, "cases are missing below \(LanguageCase.suite.path)")
    }

    @Test(arguments: LanguageCase.ordinary)
    func evaluates(_ languageCase: LanguageCase) async throws {
        let difference = languageCase.difference(try await FirnProcess.evaluate(languageCase))
        #expect(difference == nil, "\(languageCase.name) \(difference ?? "")")
    }
}

/// The cases that need much memory, one after another.
@Suite(.serialized) struct HeavyLanguageTests {
    @Test(arguments: LanguageCase.heavy)
    func evaluates(_ languageCase: LanguageCase) async throws {
        let difference = languageCase.difference(try await FirnProcess.evaluate(languageCase))
        #expect(difference == nil, "\(languageCase.name) \(difference ?? "")")
    }
}
