import Foundation
import NixStore
import Testing

@testable import FirnWorker

@Suite struct RootContentTests {
    /// A worker serves the readable part of a root that cannot be read as a whole.
    @Test func announcesARootThatIsNotReadableWithoutAnID() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("firn-root-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, files) in [("many", ["a", "b"]), ("few", ["a"])] {
            let root = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
            for file in files { try Data(file.utf8).write(to: root.appendingPathComponent(file)) }
        }
        let roots = ["many", "few"].map {
            RootedIO.Root(name: $0, directory: Array(folder.appendingPathComponent($0).path.utf8))
        }
        // The limit stands for any read error, because tests may run as a user who may read everything.
        let io = try RootedIO(roots: roots, limits: ReadLimits(maximumDirectoryEntries: 1))
        var told: [String] = []
        let announced = RootContent.announce(["few", "many"], in: io) { told.append("\($0)") }
        #expect(announced.map(\.name) == ["few", "many"])
        #expect(announced.map(\.contentID.count) == [32, 0])
        #expect(told.count == 1 && told[0].hasPrefix("root 'many' cannot be read: reading directory '/roots/many'"))
    }
}
