/// Turns the flags of settings into `--option`.
///
/// Nix has a flag for each of its settings. The parser of the command line knows only some of them, and does not tell in
/// which order different options were given.
enum SettingWords {
    /// The commands that take settings.
    private static let commands: Set<String> = ["eval", "instantiate", "trace", "parse", "eval-jobs", "flake"]

    /// Flags of the same names with another meaning here.
    static let declared: Set<String> = ["store"]

    /// One letter for a setting, as nix-instantiate has them, with the value of one that is true or false.
    private static let settingLetters: [Character: (name: String, value: String?)] = [
        "K": ("keep-failed", "true"), "j": ("max-jobs", nil), "k": ("keep-going", "true"),
    ]

    /// The words of a command line in which settings are given by `--option` alone, each with its name and value as one
    /// word (`SettingArgument`).
    ///
    /// - Parameter declared: the settings whose flags have another meaning.
    static func joined(_ words: [String], declared: Set<String> = declared) -> [String] {
        var rest = words[...]
        var result: [String] = []
        while let word = rest.popFirst() {
            if word == "--" { return result + [word] + rest }
            // The name and value of an argument, which `FirnCommand.joinPairs` has joined.
            if word.contains("\0") {
                result.append(word)
                continue
            }
            if let expanded = expand(word) {
                rest = ([expanded.first] + expanded.rest + rest)[...]
                continue
            }
            if word == "--refresh" {
                result += ["--option", "tarball-ttl\0\u{0}0"]
            } else if word == "--option", rest.count > 1 {
                result += [word, rest.removeFirst() + "\0" + rest.removeFirst()]
            } else if let (name, value) = setting(word, declared) {
                let given = value ?? rest.popFirst()
                result += ["--option", given.map { "\(name)\0\0\($0)" } ?? name]
            } else {
                result.append(word)
            }
        }
        return result
    }

    /// The same for the words after the name of a command, if that is one that takes settings.
    static func joinedAfterCommand(_ words: [String]) -> [String] {
        guard let command = words.first, commands.contains(command) else { return words }
        return [command] + joined(Array(words.dropFirst()))
    }

    /// The options of a word: several, if it consists of letters after a dash.
    static func letters(_ word: String) -> [String] {
        expand(word).map { [$0.first] + $0.rest } ?? [word]
    }

    /// The words of several one-letter options in one: `-vk` is `-v -k`, and `-j3` is `-j 3`. Nil for any other word.
    private static func expand(_ word: String) -> (first: String, rest: [String])? {
        guard word.count > 2, word.first == "-", let first = word.dropFirst().first, isLetter(first) else { return nil }
        let letters = word.dropFirst(2)
        let flags = letters.prefix { isLetter($0) }
        let value = letters.dropFirst(flags.count)
        return ("-\(first)", flags.map { "-\($0)" } + (value.isEmpty ? [] : [String(value)]))
    }

    private static func isLetter(_ character: Character) -> Bool { character.isASCII && character.isLetter }

    /// The setting of a flag, and its value; nil where that is the next word.
    private static func setting(_ word: String, _ declared: Set<String>) -> (name: String, value: String?)? {
        if word.count == 2, word.first == "-", let letter = word.last { return settingLetters[letter] }
        guard word.hasPrefix("--") else { return nil }
        let text = word.dropFirst(2)
        let name = String(text.prefix { $0 != "=" })
        if declared.contains(name) { return nil }
        if name.count < text.count { return isSetting(name) ? (name, String(text.dropFirst(name.count + 1))) : nil }
        if let setting = NixSetting.named(name) { return (name, setting.kind == .boolean ? "true" : nil) }
        if name.hasPrefix("no-"), NixSetting.named(String(name.dropFirst(3)))?.kind == .boolean {
            return (String(name.dropFirst(3)), "false")
        }
        return isSetting(name) ? (name, nil) : nil
    }

    private static func isSetting(_ name: String) -> Bool {
        if let kind = NixSetting.named(name)?.kind { return kind != .boolean }
        return name.hasPrefix("extra-") && NixSetting.named(String(name.dropFirst("extra-".count)))?.kind == .list
    }
}
