/// What a directory of store objects tells without a database: what is in it, and what refers to what.
///
/// A derivation refers to its inputs. A text, as `builtins.toFile` makes it, refers to those of the store paths in it from
/// which its own path follows, together with the text. Sources refer to nothing. What builders made has references, too,
/// which only a database knows, and these objects count as sources here.
public final class StoreContents {
    private let io: LocalIO
    /// Where the objects are, which for a store below another root is not the directory in their paths.
    private let directory: [UInt8]
    private var derivations: [[UInt8]: StoredDerivation] = [:]

    /// A larger file is no text that is looked into.
    private static let maximumTextSize = 1 << 24

    /// - Parameters:
    ///   - directory: the directory in which the objects are.
    ///   - io: reads them.
    public init(_ directory: [UInt8], io: LocalIO = LocalIO()) {
        self.directory = directory
        self.io = io
    }

    /// The paths of all objects, sorted. A directory that does not exist has none.
    public func paths() throws(StoreQueryError) -> [[UInt8]] {
        guard (try? io.pathExists(directory)) == true else { return [] }
        return try reading { () throws(EvalIOError) in try io.readDirectory(directory) }
            .map { StorePath.directory + [UInt8(ascii: "/")] + $0.name }.filter(StorePath.isStorePath)
    }

    /// Whether an object is in the store.
    public func contains(_ path: [UInt8]) -> Bool { (try? io.fileType(place(path))).flatMap { $0 } != nil }

    /// The path in the file system of an object.
    public func place(_ path: [UInt8]) -> [UInt8] { directory + [UInt8(ascii: "/")] + CanonPath.baseName(of: path) }

    /// Checks that an object is in the store.
    public func require(_ path: [UInt8]) throws(StoreQueryError) {
        guard contains(path) else { throw StoreQueryError("path '", path, "' is not valid") }
    }

    /// The derivation in a file of the store.
    public func derivation(_ path: [UInt8]) throws(StoreQueryError) -> StoredDerivation {
        if let known = derivations[path] { return known }
        try require(path)
        let text = try reading { () throws(EvalIOError) in try io.readFile(place(path)) }
        do throws(StoreError) {
            let derivation = try StoredDerivation(parsing: text)
            derivations[path] = derivation
            return derivation
        } catch {
            throw StoreQueryError(
                "error parsing derivation '", path, "': \(String(decoding: error.message, as: UTF8.self))")
        }
    }

    /// The store paths that an object refers to, sorted.
    public func references(_ path: [UInt8]) throws(StoreQueryError) -> [[UInt8]] {
        try require(path)
        guard StorePath.isDerivation(path) else { return try textReferences(path) }
        let derivation = try derivation(path)
        return Set(derivation.inputs.map(\.path) + derivation.sources).sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// The output paths of a derivation, sorted.
    ///
    /// - Throws: an error if one is only known after a build.
    public func outputs(_ path: [UInt8]) throws(StoreQueryError) -> [[UInt8]] {
        let paths = try derivation(path).outputs.map(\.path)
        guard !paths.contains([]) else {
            throw StoreQueryError(
                "the output path of '", path, "' depends on the contents of the output, and is known after a build")
        }
        return Set(paths).sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// The derivation in the store that has an output path; nil if there is none.
    public func deriver(_ output: [UInt8]) throws(StoreQueryError) -> [UInt8]? {
        for path in try paths() where StorePath.isDerivation(path) {
            if try derivation(path).outputs.contains(where: { $0.path == output }) { return path }
        }
        return nil
    }

    private func textReferences(_ path: [UInt8]) throws(StoreQueryError) -> [[UInt8]] {
        guard (try? io.fileType(place(path))) == .regular,
            let text = try? io.readFile(place(path), limit: Self.maximumTextSize)
        else { return [] }
        let references = Self.paths(in: text).filter { $0 != path }.sorted { $0.lexicographicallyPrecedes($1) }
        guard !references.isEmpty else { return [] }
        // A source that happens to mention store paths has another path than a text.
        let own = try? StorePath.text(
            name: StorePath.name(path), sha256: Hash(of: text, .sha256).bytes, references: references)
        return own == path ? references : []
    }

    /// The store paths that occur in a text.
    private static func paths(in text: [UInt8]) -> Set<[UInt8]> {
        let start = StorePath.directory + [UInt8(ascii: "/")]
        var found: Set<[UInt8]> = []
        var index = 0
        while index + start.count <= text.count {
            guard text[index] == start[0], text[index..<(index + start.count)].elementsEqual(start) else {
                index += 1
                continue
            }
            let name = text[(index + start.count)...].prefix { StorePath.isNameByte($0) }
            let path = start + name
            if StorePath.isStorePath(path) { found.insert(path) }
            index += start.count
        }
        return found
    }

    private func reading<Result>(_ body: () throws(EvalIOError) -> Result) throws(StoreQueryError) -> Result {
        do throws(EvalIOError) { return try body() } catch { throw StoreQueryError(message: error.message) }
    }
}

/// Why a store cannot answer.
public struct StoreQueryError: Error, Equatable {
    /// The message in the words of Nix, without `error: `.
    public let message: [UInt8]

    init(message: [UInt8]) { self.message = message }

    /// An error about a path, which is in its middle.
    public init(_ start: String, _ path: [UInt8], _ end: String) {
        message = Array(start.utf8) + path + Array(end.utf8)
    }
}
