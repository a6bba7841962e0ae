import FirnCommands
import FirnProtocol
import FirnWorker
import NixEval

extension WorkerConfiguration {
    /// Reads the prepared sets, and where their images are kept.
    mutating func readPreparedSets(_ source: inout SettingsSource) throws(SettingsError) {
        images = try ImageSettings(&source)
        let names = source.names(in: "preparedSets")
        guard names.count <= ProtocolLimits.preparedSets else {
            throw SettingsError("preparedSets: there are \(names.count), more than \(ProtocolLimits.preparedSets)")
        }
        for name in names {
            guard PreparedArgument.isValidName(name) else {
                throw SettingsError("preparedSets: '\(name)' is not a name of letters, digits, _ and -")
            }
            let set = try PreparedSet(&source, name: name)
            if !set.root.isEmpty, roots[set.root] == nil {
                throw SettingsError(
                    "preparedSets.\(name).root is '\(set.root)', which is not one of the worker's roots")
            }
            if set.origin == .root, images == nil {
                throw SettingsError("preparedSets.\(name) is made by this worker: set images.directory for its image")
            }
            preparedSets.append(set)
        }
    }
}

extension PreparedSet {
    fileprivate init(_ source: inout SettingsSource, name: String) throws(SettingsError) {
        let section = "preparedSets.\(name)"
        self.init(name: name, root: try source.string("\(section).root") ?? "")
        if let file = try source.path("\(section).image") { origin = .file(file) }
        if let text = try source.string("\(section).path") { path = text }
        if let fault = RelativePath.fault(in: path) { throw SettingsError("\(section).path \(fault)") }
        for text in try source.strings("\(section).arguments")?.values ?? [] {
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw SettingsError("\(section).arguments: '\(text)' is not NAME=EXPRESSION")
            }
            let argument = Argument(
                name: String(text[..<equals]), expression: String(text[text.index(after: equals)...]))
            guard !arguments.contains(where: { $0.name == argument.name }) else {
                throw SettingsError("\(section).arguments: '\(argument.name)' is named twice")
            }
            arguments.append(argument)
        }
        force = try source.strings("\(section).force")?.values ?? []
        system = try source.string("\(section).system") ?? OwnSystem.name
        features = try source.strings("\(section).features")?.values ?? []
        if let unknown = features.first(where: { !ExperimentalFeature.known.contains($0) }) {
            let known = ExperimentalFeature.known.joined(separator: ", ")
            throw SettingsError("\(section).features: '\(unknown)' is not known; known: \(known)")
        }
        tenants = try source.strings("\(section).tenants")?.values ?? tenants
        for tenant in tenants where tenant != "*" && Tenant(tenant) == nil {
            throw SettingsError("\(section).tenants: '\(tenant)' is not a tenant's name, or * for all")
        }
        guard !root.isEmpty || origin != .root else {
            throw SettingsError("\(section) needs the root that it is made from, or the file of an image")
        }
    }
}

extension ImageSettings {
    /// Reads where images are kept; nil if that is nowhere.
    fileprivate init?(_ source: inout SettingsSource) throws(SettingsError) {
        let directory = try source.path("images.directory")
        self.init(directory: directory ?? "")
        maximumBytes = try source.size("images.maximumBytes") ?? maximumBytes
        memoryBytes = try source.size("images.memory") ?? memoryBytes
        timeout = try source.milliseconds("images.timeoutMs", in: 1_000...86_400_000) ?? timeout
        guard directory != nil else { return nil }
    }
}
