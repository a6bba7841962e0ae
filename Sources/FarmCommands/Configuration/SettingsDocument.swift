import FirnCommands
import NixStore
import Yams

/// The keys of a YAML file with their lines. Values are read through swift-configuration, which does not list the keys
/// of a file.
struct SettingsDocument {
    struct Entry {
        /// The key with its sections, joined by dots.
        let key: String
        /// The line of the key, counted from 1.
        let line: Int
    }

    let path: String
    private(set) var keys: [Entry] = []
    private var sections: [String: [String]] = [:]

    /// A document without keys.
    init() { path = "" }

    /// - Throws: `SettingsError` if the file cannot be read, is not YAML, or has other content than keys with values.
    init(path: String) throws(SettingsError) {
        self.path = path
        let absolute = CanonPath.absolute(Array(path.utf8), relativeTo: currentDirectory())
        let text: String
        do throws(EvalIOError) {
            text = String(decoding: try LocalIO().readFile(absolute), as: UTF8.self)
        } catch {
            throw SettingsError(String(decoding: error.message, as: UTF8.self))
        }
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch { throw SettingsError("\(path): \(error)") }
        guard let root, root.null == nil else { return }
        guard let mapping = root.mapping else { throw SettingsError("\(path): the file is not a list of KEY: VALUE") }
        try add(mapping, below: "", depth: 0)
    }

    var isEmpty: Bool { keys.isEmpty }

    func names(in section: String) -> [String] { sections[section] ?? [] }

    private mutating func add(_ mapping: Node.Mapping, below section: String, depth: Int) throws(SettingsError) {
        guard depth < 8 else { throw SettingsError("\(path): sections lie deeper than 8 levels") }
        for (key, value) in mapping {
            let line = key.mark?.line ?? 0
            guard let name = key.string, !name.isEmpty else {
                throw SettingsError("\(path):\(line): a key is not a text")
            }
            let dotted = section.isEmpty ? name : "\(section).\(name)"
            sections[section, default: []].append(name)
            if let inner = value.mapping {
                try add(inner, below: dotted, depth: depth + 1)
            } else {
                keys.append(Entry(key: dotted, line: line))
            }
        }
    }
}
