import Foundation
import Platform
import Testing

@Suite struct WholeFileTests {
    /// A directory of its own for each test.
    private func inDirectory(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "firn-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try body(directory)
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func aReplacedFileIsAnotherFile() throws {
        try inDirectory { directory in
            let path = "\(directory)/a"
            try WholeFile.write(Array("old".utf8), to: path, .replacing)
            let reader = try #require(FileHandle(forReadingAtPath: path))
            try WholeFile.write(Array("new".utf8), to: path, mode: 0o600, .replacing)
            #expect(try reader.readToEnd() == Data("old".utf8))
            #expect(try text(path) == "new")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["a"])
        }
    }

    @Test func aNameMayHaveTheGreatestLength() throws {
        try inDirectory { directory in
            let path = "\(directory)/\(String(repeating: "a", count: 255))"
            try WholeFile.write([1], to: path, .replacing)
            #expect(FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func anOverwrittenFileKeepsItsLinksAndLosesItsEnd() throws {
        try inDirectory { directory in
            let (path, link) = ("\(directory)/a", "\(directory)/link")
            try WholeFile.write(Array("a long text".utf8), to: path, .overwriting)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
            try WholeFile.write(Array("short".utf8), to: link, .overwriting)
            #expect(try text(path) == "short")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == path)
        }
    }

    @Test func aNewFileHasItsPermissionsAndReplacesNothing() throws {
        try inDirectory { directory in
            let path = "\(directory)/a"
            try WholeFile.write([1], to: path, mode: 0o666, .creating)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o666)
            let failure = #expect(throws: WriteFailure.self) { try WholeFile.write([2], to: path, .creating) }
            #expect(failure?.code == EEXIST)
            #expect(try Data(contentsOf: URL(filePath: path)) == Data([1]))
        }
    }

    @Test func aFailureLeavesNothing() throws {
        try inDirectory { directory in
            let path = "\(directory)/a"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            let failure = #expect(throws: WriteFailure.self) { try WholeFile.write([1], to: path, .replacing) }
            #expect(failure == WriteFailure(path: path, code: EISDIR))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["a"])
        }
        #expect(throws: WriteFailure(path: "/dev/full", code: ENOSPC)) {
            try WholeFile.write([1], to: "/dev/full", .overwriting)
        }
        #expect(FileManager.default.fileExists(atPath: "/dev/full"))
    }
}
