import Testing

@testable import FirnCommands

/// The parts of the stand-ins for Nix's commands that need no process.
@Suite struct NixToolTests {
    @Test(arguments: [
        ("firefox-80.0", "firefox", "80.0"), ("apache-httpd-2.0.48", "apache-httpd", "2.0.48"), ("a", "a", ""),
        ("a-", "a-", ""), ("a-b", "a-b", ""), ("a--b", "a", "-b"), ("x-é", "x", "é"), ("", "", ""),
    ])
    func namesAreDividedAtTheVersion(_ full: String, _ name: String, _ version: String) {
        let divided = PackageName(Array(full.utf8))
        #expect(String(decoding: divided.name, as: UTF8.self) == name)
        #expect(String(decoding: divided.version, as: UTF8.self) == version)
    }

    @Test func namesAreSortedWithoutCase() {
        let names = ["b-2", "B-1", "a", "_c", "A1"].map { Array($0.utf8) }
        let sorted = names.sorted(by: PackageName.precedes).map { String(decoding: $0, as: UTF8.self) }
        #expect(sorted == ["a", "A1", "B-1", "b-2", "_c"])
    }

    @Test(arguments: [
        ("{}", "{}"), ("[]", "[]"), ("1", "1"), (#"{"a":[]}"#, "{\n  \"a\": []\n}"),
        (
            #"{"a":[1,{"b":"x,{\"y"}],"c":{}}"#,
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x,{\\\"y\"\n    }\n  ],\n  \"c\": {}\n}"
        ),
    ])
    func jsonIsSpreadOverLines(_ compact: String, _ lines: String) {
        var text: [UInt8] = []
        JSONIndentation.write(Array(compact.utf8), depth: 0, into: &text)
        #expect(String(decoding: text, as: UTF8.self) == lines)
    }

    @Test func xmlAttributesAreSortedAndEscaped() {
        var lines = XMLLines()
        lines.open("items", [:])
        lines.empty("item", ["b": Array("<&>\"".utf8), "a": Array("x\ny".utf8)])
        lines.close("items")
        let text = String(decoding: lines.bytes, as: UTF8.self)
        #expect(text == "<items>\n  <item a=\"x&#xA;y\" b=\"&lt;&amp;&gt;&quot;\" />\n</items>\n")
    }

    @Test(arguments: [
        ("/usr/bin/nix-env", NixTool.env), ("nix-store", .store), ("./nix-instantiate", .instantiate), ("firn", nil),
        ("", nil), ("/nix-env/", .env), ("nix-env.real", nil),
    ])
    func theNameChoosesTheCommand(_ executable: String, _ tool: NixTool?) {
        #expect(NixTool(executable: executable) == tool)
    }

    @Test func aFlagOfNixEnvIsNoSetting() {
        let words = FirnCommand.joinPairs(["-qaP", "--system", "x"], declaredFlags: NixTool.env.declaredFlags)
        #expect(words == ["-q", "-a", "-P", "--system", "x"])
        let others = FirnCommand.joinPairs(["--system", "x"], declaredFlags: NixTool.instantiate.declaredFlags)
        #expect(others == ["--option", "system\0\0x"])
    }

    @Test func settingsOfTheProfilerAreTaken() throws {
        var settings = NixSettings()
        try settings.set("eval-profiler", to: "flamegraph")
        try settings.set("eval-profiler-frequency", to: "0")
        try settings.set("eval-profile-file", to: "/tmp/x")
        #expect(settings.profiler == .flamegraph && settings.profilerFrequency == 0 && settings.profileFile == "/tmp/x")
        #expect(settings.observesCalls)
        let error = try #require(throws: NixSettingError.self) { try settings.set("eval-profiler", to: "x") }
        #expect(error.description == "option 'eval-profiler' has invalid value 'x'")
    }
}
