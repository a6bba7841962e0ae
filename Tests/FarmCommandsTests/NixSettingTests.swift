import NixStore
import Testing

@testable import FirnCommands

/// The settings of Nix: their configuration files, their values, and their flags.
@Suite struct NixSettingTests {
    private let directory = Array("/nowhere".utf8)

    private func parsed(_ text: String) throws -> [String] {
        var file = NixConfigurationFile(LocalIO())
        try file.parse(Array(text.utf8), name: Array("nix.conf".utf8), directory: directory)
        return file.settings.map { "\($0.name)=\($0.value)" }
    }

    @Test func aConfigurationFileHasASettingInEachLine() throws {
        let text = """
            # a comment
            cores = 4   # another

              substituters =  https://a \t https://b
            empty =
            !include missing.conf
            """
        #expect(try parsed(text) == ["cores=4", "substituters=https://a https://b", "empty="])
    }

    @Test(arguments: [
        ("cores", "syntax error in configuration line 'cores' in 'nix.conf'"),
        ("cores 4", "syntax error in configuration line 'cores 4' in 'nix.conf'"),
        ("include a b", "syntax error in configuration line 'include a b' in 'nix.conf'"),
        ("include a", "file '/nowhere/a' included from 'nix.conf' not found"),
    ])
    func faultsOfConfigurationFilesAreNamed(_ text: String, _ message: String) throws {
        let error = try #require(throws: NixSettingError.self) { try parsed(text) }
        #expect(error.description == message)
    }

    @Test func valuesReplaceOrExtendOneAnother() throws {
        var settings = NixSettings()
        for (name, value) in [
            ("allowed-uris", "https://a https://b"), ("extra-allowed-uris", "https://c"), ("max-call-depth", "2K"),
            ("experimental-features", "flakes"), ("extra-experimental-features", "pipe-operators"),
            ("nix-path", "a=/a"), ("nix-path", "b=/b"), ("system", "s"), ("warn-dirty", "no"), ("sandbox", "relaxed"),
            ("build-cores", "3"), ("max-jobs", "auto"), ("substituters", ""), ("extra-substituters", "x"),
        ] { try settings.set(name, to: value) }
        #expect(settings.allowedURIs == ["https://a", "https://b", "https://c"])
        #expect(settings.maximumCallDepth == 2_048)
        #expect(settings.features == ["flakes", "pipe-operators"])
        #expect(settings.searchPath == [Array("b=/b".utf8)])
        #expect(settings.currentSystem == "s" && !settings.warnsOfDirtyTrees)
        #expect(settings.warnings.isEmpty)
        try settings.set("eval-system", to: "e")
        #expect(settings.currentSystem == "e")
    }

    @Test func whatNixDoesNotKnowIsWarnedOf() throws {
        var settings = NixSettings()
        for (name, value) in [
            ("zzz", "1"), ("aaa", ""), ("zzz", "2"), ("extra-cores", "1"),
            ("experimental-features", "flakes nonsense no-url-literals"), ("warn-short-path-literals", "true"),
        ] { try settings.set(name, to: value) }
        #expect(
            settings.warnings == [
                "experimental feature 'no-url-literals' has been stabilized and renamed; use 'lint-url-literals = fatal' "
                    + "setting instead",
                "unknown experimental feature 'nonsense'",
                "'warn-short-path-literals' is deprecated, use 'lint-short-path-literals = warn' instead",
                "unknown setting 'aaa'", "unknown setting 'extra-cores'", "unknown setting 'zzz'",
            ])
        #expect(settings.features == ["flakes"] && settings.lints.shortPaths == .warn)
    }

    @Test(arguments: [
        ("show-trace", "maybe", "Boolean setting 'show-trace' has invalid value 'maybe'"),
        ("keep-going", "", "Boolean setting 'keep-going' has invalid value ''"),
        ("timeout", "1x", "setting 'timeout' has invalid value '1x'"),
        ("max-call-depth", "-1", "setting 'max-call-depth' has invalid value '-1'"),
        ("cores", "99999999999T", "setting 'cores' has invalid value '99999999999T'"),
        (
            "lint-url-literals", "x",
            "option 'lint-url-literals' has invalid value 'x' (expected 'ignore', 'warn', or 'fatal')"
        ),
    ])
    func valuesThatASettingDoesNotAcceptAreRefused(_ name: String, _ value: String, _ message: String) throws {
        var settings = NixSettings()
        let error = try #require(throws: NixSettingError.self) { try settings.set(name, to: value) }
        #expect(error.description == message)
    }

    @Test(arguments: [
        ("eval --show-trace a", "eval --option show-trace||true a"),
        ("eval --no-show-trace a", "eval --option show-trace||false a"),
        ("eval --option a b c", "eval --option a|b c"),
        ("eval --cores 4 --extra-allowed-uris x", "eval --option cores||4 --option extra-allowed-uris||x"),
        ("eval --max-call-depth=5 a", "eval --option max-call-depth||5 a"),
        ("eval -vKj3 a", "eval -v --option keep-failed||true --option max-jobs||3 a"),
        ("eval --cores", "eval --option cores"),
        ("eval -E a -- --show-trace", "eval -E a -- --show-trace"),
        ("eval --strict --store x --no-cache", "eval --strict --store x --no-cache"),
        ("eval --arg show-trace x --argstr a --no-sandbox", "eval --arg show-trace|x --argstr a||--no-sandbox"),
        ("eval --arg-from-file a f --arg-from-stdin b c", "eval --arg-from-file a|||f --arg-from-stdin b|||| c"),
        ("submit --system s --show-trace", "submit --system s --show-trace"),
    ])
    func theFlagOfEachSettingIsAnOption(_ words: String, _ joined: String) {
        let result = FirnCommand.joinPairs(words.split(separator: " ").map(String.init))
        #expect(result.joined(separator: " ").replacing("\0", with: "|") == joined)
    }
}
