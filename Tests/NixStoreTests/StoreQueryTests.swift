import Testing

@testable import NixStore

/// What a directory of objects tells without a database.
@Suite struct StoreQueryTests {
    private let directory: TemporaryDirectory
    private let contents: StoreContents

    init() throws {
        directory = try TemporaryDirectory()
        contents = StoreContents(directory("store"))
    }

    private static func sorted(_ paths: [[UInt8]]) -> [[UInt8]] {
        paths.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Writes texts to the store, of which each may refer to those before it.
    private func write(_ additions: [StoreAddition]) throws -> [[UInt8]] {
        let store = try DirectoryStore(directory("store"))
        for addition in additions { try store.add(addition) }
        try store.finish()
        return additions.map(\.path)
    }

    private static func derivation(
        _ name: String, inputs: [[UInt8]] = [], sources: [[UInt8]] = []
    ) throws -> StoreAddition {
        func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }
        let output = "\(text(StorePath.directory))/00000000000000000000000000000000-\(name)"
        let inputList = sorted(inputs).map { "(\"\(text($0))\",[\"out\"])" }.joined(separator: ",")
        let sourceList = sorted(sources).map { "\"\(text($0))\"" }.joined(separator: ",")
        return try Additions.text(
            "\(name).drv",
            "Derive([(\"out\",\"\(output)\",\"\",\"\")],[\(inputList)],[\(sourceList)],\"s\",\"b\",[],[])",
            references: sorted(inputs + sources))
    }

    @Test func derivationsReferToTheirInputs() throws {
        let source = try Additions.text("source", "text")
        let lower = try Self.derivation("lower", sources: [source.path])
        let upper = try Self.derivation("upper", inputs: [lower.path], sources: [source.path])
        let paths = try write([source, lower, upper])
        #expect(try contents.paths() == Self.sorted(paths))
        #expect(try contents.references(upper.path) == Self.sorted([lower.path, source.path]))
        let closure = StoreClosure(contents)
        let requisites = try closure.requisites([upper.path], includesOutputs: false)
        #expect(requisites == Set(paths))
        #expect(try closure.sorted(requisites) == paths)
        #expect(try closure.referrers()[source.path].map(Set.init) == [lower.path, upper.path])
        #expect(try closure.referrersClosure([source.path]) == Set(paths))
        #expect(try contents.deriver(contents.outputs(lower.path)[0]) == lower.path)
    }

    @Test func textsReferToWhatTheirPathsFollowFrom() throws {
        let lower = try Additions.text("lower", "text")
        let mention = "see \(String(decoding: lower.path, as: UTF8.self))/file"
        let referring = try Additions.text("referring", mention, references: [lower.path])
        // The path of this text says that it refers to nothing.
        let mentioning = try Additions.text("mentioning", mention)
        _ = try write([lower, referring, mentioning])
        #expect(try contents.references(referring.path) == [lower.path])
        #expect(try contents.references(mentioning.path) == [])
    }

    @Test func aSourceRefersToNothing() throws {
        let lower = try Additions.text("lower", "text")
        directory.directory("tree")
        try directory.file("tree/file", String(decoding: lower.path, as: UTF8.self))
        let tree = try Additions.tree("tree", directory("tree"))
        _ = try write([lower, tree])
        #expect(try contents.references(tree.path) == [])
    }

    @Test func whatIsNotInTheStoreIsAnError() throws {
        let missing = try Self.derivation("missing")
        let error = try #require(throws: StoreQueryError.self) { try contents.references(missing.path) }
        #expect(error.message == Array("path '".utf8) + missing.path + Array("' is not valid".utf8))
        #expect(try contents.paths() == [])
    }

    @Test func aFileThatIsNoDerivationIsAnError() throws {
        let broken = try Additions.text("broken.drv", "Derive([")
        _ = try write([broken])
        let error = try #require(throws: StoreQueryError.self) { try contents.references(broken.path) }
        #expect(error.message.starts(with: "error parsing derivation '".utf8))
    }

    /// The objects of a chain of this many derivations come in the order of the chain, without native recursion.
    @Test func longChainsAreSorted() throws {
        var chain: [StoreAddition] = []
        for number in 0..<2_000 {
            chain.append(try Self.derivation("d\(number)", inputs: chain.last.map { [$0.path] } ?? []))
        }
        let paths = try write(chain)
        #expect(try StoreClosure(contents).sorted(Set(paths)) == paths)
    }
}
