import NixStore

/// Reads the settings in Nix's configuration files: lines `NAME = VALUE`, `include FILE` and `!include FILE`, in which a
/// `#` begins a comment.
struct NixConfigurationFile {
    /// The settings in the order in which they were read.
    private(set) var settings: [(name: String, value: String)] = []
    private let io: LocalIO

    /// Files that include one another are read to this depth. Nix has no bound, and never ends if a file includes itself.
    private static let maximumDepth = 64

    init(_ io: LocalIO) { self.io = io }

    /// Reads a file. One that is missing or cannot be read counts as empty, as in Nix.
    ///
    /// - Parameter path: the absolute path.
    mutating func read(_ path: [UInt8]) throws(NixSettingError) {
        guard let text = try? io.readFile(path) else { return }
        try parse(text, name: path, directory: CanonPath.parent(of: path), depth: 0)
    }

    /// Reads a text.
    ///
    /// - Parameters:
    ///   - name: what errors call it: its path, or the name of a variable.
    ///   - directory: the directory that the names of included files are relative to.
    mutating func parse(_ text: [UInt8], name: [UInt8], directory: [UInt8], depth: Int = 0) throws(NixSettingError) {
        guard depth < Self.maximumDepth else {
            throw NixSettingError(
                "configuration files include one another more than \(Self.maximumDepth) deep, up to '\(Self.text(name))'"
            )
        }
        for bytes in text.split(separator: UInt8(ascii: "\n")) {
            let line = Self.text(Array(bytes.prefix { $0 != UInt8(ascii: "#") }))
            let words = NixSettings.words(line)
            guard let first = words.first else { continue }
            let isInclude = first == "include" || first == "!include"
            guard isInclude ? words.count == 2 : words.count > 1 && words[1] == "=" else {
                throw NixSettingError("syntax error in configuration line '\(line)' in '\(Self.text(name))'")
            }
            if isInclude {
                let path = CanonPath.absolute(Array(words[1].utf8), relativeTo: directory)
                try include(path, from: name, mayBeMissing: first == "!include", depth: depth)
            } else {
                settings.append((first, words.dropFirst(2).joined(separator: " ")))
            }
        }
    }

    private mutating func include(
        _ path: [UInt8], from name: [UInt8], mayBeMissing: Bool, depth: Int
    ) throws(NixSettingError) {
        guard (try? io.pathExists(path)) == true else {
            if mayBeMissing { return }
            throw NixSettingError("file '\(Self.text(path))' included from '\(Self.text(name))' not found")
        }
        guard let text = try? io.readFile(path) else { return }
        try parse(text, name: path, directory: CanonPath.parent(of: path), depth: depth + 1)
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
