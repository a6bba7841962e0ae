import Configuration
import FirnCommands
import ZeroMQ

/// The settings of a service. A key is looked up in three layers, and the first that has it wins:
///
///     --set KEY=VALUE       on the command line, and the options that stand for a key
///     FIRN_PREFIX_KEY       environment variables: leaseMs of the coordinator is FIRN_COORDINATOR_LEASE_MS
///     KEY: VALUE            a YAML file; a key in a section is written SECTION.KEY elsewhere
///
/// Reading a key also declares it. `finish` reports a key that was set in any layer and never read, so a misspelt key
/// is an error, and no separate list of keys has to be maintained.
struct SettingsSource {
    private struct Layer {
        let provider: any ConfigProvider
        /// How an error names a key of this layer.
        let name: @Sendable (String) -> String
        /// The directory to which paths of this layer are relative; nil for the current one.
        let directory: String?
    }

    private var layers: [Layer] = []
    private let document: SettingsDocument
    private let environment: [String: String]
    private let overrides: [String: String]
    private let prefix: String
    /// Every key that was read, in dotted form.
    private var known: Set<String> = []

    /// Opens the layers.
    ///
    /// - Parameters:
    ///   - file: a YAML file; nil for none.
    ///   - prefix: the prefix of environment variables, such as `FIRN_COORDINATOR_`.
    ///   - overrides: values from the command line by dotted key; a later one wins.
    init(
        file: String?, prefix: String, overrides: [(key: String, value: String)], environment: [String: String]
    ) async throws(SettingsError) {
        self.prefix = prefix
        self.environment = environment.filter { $0.key.hasPrefix(prefix) }
        self.overrides = Dictionary(overrides.map { ($0.key, $0.value) }) { $1 }
        document = try file.map(SettingsDocument.init(path:)) ?? SettingsDocument()
        let setValues = self.overrides.map { (Self.variable($0.key, prefix: ""), $0.value) }
        addLayer(Dictionary(setValues) { $1 }) { "--set \($0)" }
        let variables = self.environment.map { (String($0.key.dropFirst(prefix.count)), $0.value) }
        addLayer(Dictionary(variables) { $1 }) { Self.variable($0, prefix: prefix) }
        if let file, !document.isEmpty { try await addFile(file) }
    }

    private mutating func addLayer(_ values: [String: String], name: @escaping @Sendable (String) -> String) {
        let provider = EnvironmentVariablesProvider(environmentVariables: values)
        layers.append(Layer(provider: provider, name: name, directory: nil))
    }

    private mutating func addFile(_ path: String) async throws(SettingsError) {
        let location = ConfigReader(
            provider: InMemoryProvider(values: ["filePath": .init(.string(path), isSecret: false)]))
        do {
            let provider = try await FileProvider<YAMLSnapshot>(config: location)
            let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
            layers.append(Layer(provider: provider, name: { "\(path): \($0)" }, directory: directory))
        } catch {
            throw SettingsError("\(path): \(error)")
        }
    }

    /// The environment variable of a key.
    static func variable(_ key: String, prefix: String) -> String {
        var text = prefix
        var previous: Character = "_"
        for character in key {
            if character.isUppercase && previous.isLowercase { text += "_" }
            text += character.isLetter || character.isNumber ? character.uppercased() : "_"
            previous = character
        }
        return text
    }

    /// The names of the entries of a section: those of the file in its order, and then those of the command line. The
    /// environment cannot name entries.
    func names(in section: String) -> [String] {
        var names = document.names(in: section)
        for key in overrides.keys.sorted() where key.hasPrefix("\(section).") {
            let parts = key.dropFirst(section.count + 1).split(separator: ".")
            guard parts.count > 1, let name = parts.first.map(String.init), !names.contains(name) else { continue }
            names.append(name)
        }
        return names
    }

    private mutating func value(_ key: String, _ type: ConfigType) throws(SettingsError) -> (ConfigContent, Layer)? {
        known.insert(key)
        let absolute = AbsoluteConfigKey(key.split(separator: ".").map(String.init))
        for layer in layers {
            do {
                if let value = try layer.provider.value(forKey: absolute, type: type).value {
                    return (value.content, layer)
                }
            } catch {
                throw SettingsError("\(layer.name(key)) must be \(type == .stringArray ? "a list" : "a single value")")
            }
        }
        return nil
    }

    /// A text; nil if it is not set or empty.
    mutating func string(_ key: String) throws(SettingsError) -> String? {
        guard case .string(let text)? = try value(key, .string)?.0, !text.isEmpty else { return nil }
        return text
    }

    /// A path. A path in a file is relative to the file's directory.
    mutating func path(_ key: String) throws(SettingsError) -> String? {
        guard let (content, layer) = try value(key, .string), case .string(let text) = content, !text.isEmpty else {
            return nil
        }
        guard let directory = layer.directory, !text.hasPrefix("/") else { return text }
        return "\(directory)/\(text)"
    }

    /// An endpoint to connect to.
    mutating func endpoint(_ key: String) throws(SettingsError) -> String? {
        guard let text = try string(key) else { return nil }
        if let fault = EndpointText.fault(in: text) { throw SettingsError("\(key) is '\(text)': \(fault)") }
        return text
    }

    /// A list of texts, which the command line and the environment separate by commas.
    mutating func strings(_ key: String) throws(SettingsError) -> (values: [String], directory: String?)? {
        guard let (content, layer) = try value(key, .stringArray), case .stringArray(let texts) = content else {
            return nil
        }
        return (texts.filter { !$0.isEmpty }, layer.directory)
    }

    /// A value that `parse` accepts. `expected` describes such a value in an error.
    mutating func parsed<Value>(
        _ key: String, expected: String, _ parse: (String) -> Value?
    ) throws(SettingsError) -> Value? {
        guard let (content, layer) = try value(key, .string), case .string(let text) = content, !text.isEmpty else {
            return nil
        }
        guard let value = parse(text) else { throw SettingsError("\(layer.name(key)) is '\(text)', not \(expected)") }
        return value
    }

    /// A whole number within bounds.
    mutating func number<Value: FixedWidthInteger>(
        _ key: String, in range: ClosedRange<Value>
    ) throws(SettingsError) -> Value? {
        try parsed(key, expected: "a number from \(range.lowerBound) to \(range.upperBound)") { text in
            Value(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A duration, which is written as a whole number of milliseconds within bounds.
    mutating func milliseconds(_ key: String, in range: ClosedRange<Int64>) throws(SettingsError) -> Duration? {
        try number(key, in: range).map { .milliseconds($0) }
    }

    /// A size in bytes: a number, optionally with K, M, G or T for powers of 1024, and B or iB. It may be 0 where the
    /// key allows it.
    mutating func size<Value: FixedWidthInteger>(
        _ key: String, atLeast least: Int = 1, atMost most: Int = .max
    ) throws(SettingsError) -> Value? {
        let range = most == .max ? "from \(least)" : "from \(least) to \(most)"
        return try parsed(key, expected: "a size \(range), as 512M, 2GiB or bytes") { text in
            let bytes = text == "0" ? 0 : ByteSize(argument: text)?.bytes
            return bytes.flatMap { (least...most).contains($0) ? Value(exactly: $0) : nil }
        }
    }

    mutating func real(_ key: String, in range: ClosedRange<Double>) throws(SettingsError) -> Double? {
        try parsed(key, expected: "a number from \(range.lowerBound) to \(range.upperBound)") { text in
            Double(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    mutating func flag(_ key: String) throws(SettingsError) -> Bool? {
        try parsed(key, expected: "true or false") { ["true": true, "false": false][$0] }
    }

    /// Checks that every key that is set was read. Called after all keys were read.
    ///
    /// - Throws: `SettingsError` for the first key or variable that was never read.
    func finish() throws(SettingsError) {
        let variables = Set(known.map { Self.variable($0, prefix: prefix) })
        for entry in document.keys where !known.contains(entry.key) {
            throw SettingsError(
                "\(document.path):\(entry.line): unknown key '\(entry.key)'; \(knownKeys(beside: entry.key))")
        }
        for key in overrides.keys.sorted() where !known.contains(key) {
            throw SettingsError("--set: unknown key '\(key)'; \(knownKeys(beside: key))")
        }
        for name in environment.keys.sorted() where !variables.contains(name) {
            throw SettingsError(
                "environment: unknown variable '\(name)'; known: \(variables.sorted().joined(separator: " "))")
        }
    }

    private func knownKeys(beside key: String) -> String {
        let inner = known.filter { $0.hasPrefix("\(key).") }
        if !inner.isEmpty { return "it is a section, with the keys \(inner.sorted().joined(separator: " "))" }
        let section = key.lastIndex(of: ".").map { String(key[...$0]) } ?? ""
        let siblings = known.filter { $0.hasPrefix(section) }
        return "known: \((siblings.isEmpty ? known : siblings).sorted().joined(separator: " "))"
    }

    /// The keys that were read, sorted, which are those that a configuration file may have.
    var knownKeys: [String] { known.sorted() }
}

/// An unusable configuration: the key, its place and what is expected.
struct SettingsError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
