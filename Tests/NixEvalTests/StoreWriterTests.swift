import Foundation
import NixEval
import NixStore
import NixVM
import Synchronization
import TestSupport
import Testing

/// Remembers what an evaluation adds.
private final class RecordingStore: StoreWriter {
    private(set) var additions: [StoreAddition] = []
    let byteCount: Int
    /// The names of objects that are refused.
    private let refused: String?

    init(byteCount: Int = 0, refused: String? = nil) {
        self.byteCount = byteCount
        self.refused = refused
    }

    func add(_ addition: StoreAddition, isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        if let refused, String(decoding: addition.path, as: UTF8.self).hasSuffix(refused) {
            throw StoreWriteError("refused ", addition.path, "")
        }
        additions.append(addition)
    }

    func flush(isStopped: @escaping () -> Bool) throws(StoreWriteError) {}
    func finish(isStopped: @escaping () -> Bool) throws(StoreWriteError) {}
    func abandon() {}
    func addRoot(_ link: [UInt8], to path: [UInt8], isStopped: @escaping () -> Bool) throws(StoreWriteError) {}

    var names: [String] {
        additions.map { String(decoding: StorePath.name($0.path), as: UTF8.self) }
    }
}

/// What an evaluation adds to a store, and when.
@Suite struct StoreWriterTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("firn-writer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("tree"), withIntermediateDirectories: true)
        try Data("text".utf8).write(to: folder.appendingPathComponent("tree/file"))
        try Data("other".utf8).write(to: folder.appendingPathComponent("tree/other"))
    }

    private func remove() { try? FileManager.default.removeItem(at: folder) }

    private var tree: String { folder.path + "/tree" }

    /// Evaluates a source, and returns what was added.
    private func evaluate(
        _ source: String, limits: Limits = Limits(), byteCount: Int = 0, refused: String? = nil
    ) -> (result: Evaluation, additions: [StoreAddition], names: [String], fuel: Int) {
        let found = Mutex<([StoreAddition], [String], Int)>(([], [], 0))
        let result = Evaluation.of(source, limits: limits) { evaluator in
            evaluator.storeWriter = RecordingStore(byteCount: byteCount, refused: refused)
        } finish: { evaluator in
            guard let store = evaluator.storeWriter as? RecordingStore else { return }
            let (additions, names, fuel) = (store.additions, store.names, evaluator.statistics.fuel)
            found.withLock { $0 = (additions, names, fuel) }
        }
        let (additions, names, fuel) = found.withLock { $0 }
        return (result, additions, names, fuel)
    }

    private static let make =
        #"make = name: more: derivation ({ inherit name; system = "s"; builder = "b"; } // more); "#

    @Test func addsEverythingOnceAndReferencesFirst() throws {
        defer { remove() }
        let source = """
            let
              \(Self.make)
              src = \(tree);
              note = builtins.toFile "note" "on ${src}";
              a = make "a" { inherit src note; };
              b = make "b" { inherit a src; same = make "a" { inherit src note; }; };
              deep = make "deep" { all = builtins.unsafeDiscardOutputDependency b.drvPath; whole = b.drvPath; };
            in [ deep.drvPath b.outPath "${src}" (builtins.readFile "${note}") ]
            """
        let (result, additions, names, _) = evaluate(source)
        guard case .value = result else {
            Issue.record("\(result)")
            return
        }
        #expect(names == ["tree", "note", "a.drv", "b.drv", "deep.drv"])
        var known: Set<[UInt8]> = []
        for addition in additions {
            #expect(addition.object.references.allSatisfy(known.contains), "\(addition.path)")
            #expect(known.insert(addition.path).inserted)
        }
        #expect(additions.map(\.isDerivation) == [false, false, true, true, true])
        #expect(additions[0].object.source?.path == Array(tree.utf8))
        #expect(additions[2].object.source == nil)
        // The text is that of the derivation, of which the path is made.
        for addition in additions where addition.isDerivation {
            let text = try #require(addition.object.text)
            #expect(Hash(of: text, .sha256) == addition.address.hash)
            #expect(text.starts(with: Array("Derive(".utf8)))
        }
    }

    @Test func addsWhateverNixAdds() throws {
        defer { remove() }
        var archive = TarArchive()
        archive.entry("inside", contents: "text")
        try Data(archive.bytes).write(to: folder.appendingPathComponent("a.tar"))
        let url = "file://\(folder.path)"
        let sources = [
            ("builtins.path { path = \(tree); name = \"named\"; }", "named"),
            ("builtins.path { path = \(tree)/file; recursive = false; }", "file"),
            ("builtins.filterSource (path: type: baseNameOf path != \"other\") \(tree)", "tree"),
            ("builtins.toFile \"text\" \"\"", "text"),
            ("builtins.fetchurl \"\(url)/tree/file\"", "file"),
            ("builtins.fetchTarball \"\(url)/a.tar\"", "source"),
            ("(builtins.fetchTree { type = \"path\"; path = \"\(tree)\"; }).outPath", "source"),
            ("builtins.toJSON \(tree)", "tree"),
        ]
        for (source, name) in sources {
            let (result, additions, names, _) = evaluate(source)
            guard case .value(let path) = result else {
                Issue.record("\(source): \(result)")
                continue
            }
            #expect(names == [name], "\(source)")
            #expect(additions.allSatisfy { path.contains(String(decoding: $0.path, as: UTF8.self)) }, "\(source)")
        }
    }

    /// A file that is added by its contents is a file, also if a symbolic link leads to it.
    @Test func addsTheFileBehindALink() throws {
        defer { remove() }
        let link = folder.appendingPathComponent("link")
        try FileManager.default.createSymbolicLink(
            at: link, withDestinationURL: folder.appendingPathComponent("tree/file"))
        let (result, additions, _, _) = evaluate(
            "builtins.readFileType (builtins.path { path = \(link.path); recursive = false; })")
        #expect(result == .value("\"regular\""))
        #expect(additions.map { $0.object.source?.path } == [Array("\(tree)/file".utf8)])
    }

    @Test func addsNothingThatIsOnlyRead() {
        defer { remove() }
        let (result, _, names, _) = evaluate(
            "[ (builtins.readFile \(tree)/file) (builtins.hashFile \"sha256\" \(tree)/file) ]")
        guard case .value = result else {
            Issue.record("\(result)")
            return
        }
        #expect(names == [])
    }

    /// Fuel must not depend on where objects are written.
    @Test func usesTheSameFuel() {
        defer { remove() }
        let source = "let \(Self.make) in (make \"a\" { src = \(tree); text = builtins.toFile \"t\" \"x\"; }).drvPath"
        let plain = Mutex(0)
        let expected = Evaluation.of(source) { evaluator in
            let fuel = evaluator.statistics.fuel
            plain.withLock { $0 = fuel }
        } finish: { evaluator in
            let fuel = evaluator.statistics.fuel
            plain.withLock { $0 = fuel }
        }
        let written = evaluate(source)
        #expect(written.result == expected)
        #expect(written.fuel == plain.withLock { $0 })
    }

    @Test(arguments: ["tree", "text", "a.drv"]) func endsWithWhatCannotBeWritten(name: String) {
        defer { remove() }
        let source = """
            let \(Self.make) in builtins.tryEval
              (make "a" { src = \(tree); text = builtins.toFile "text" "x"; }).drvPath
            """
        let (result, _, names, _) = evaluate(source, refused: "-\(name)")
        #expect(result == .failure(.io))
        #expect(!names.contains(name))
    }

    @Test func countsWhatTheStoreHolds() {
        defer { remove() }
        let limits = Limits(memory: 32 << 20)
        let source = "builtins.genList (x: [ x ]) 200000"
        guard case .value = evaluate(source, limits: limits).result else {
            Issue.record("the limit is too low without a store")
            return
        }
        #expect(evaluate(source, limits: limits, byteCount: 32 << 20).result == .failure(.memoryExceeded))
    }
}
