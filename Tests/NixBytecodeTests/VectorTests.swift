import Foundation
import NixBytecode
import Testing

/// protocol/bytecode-vectors and protocol/bytecode.md. They are rewritten if the environment has `FIRN_ACCEPT=1`.
enum ProtocolFolder {
    static let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "protocol")
    static let isAccepting = ProcessInfo.processInfo.environment["FIRN_ACCEPT"] == "1"
}

@Suite struct VectorTests {
    private let folder = ProtocolFolder.url.appending(path: "bytecode-vectors")

    @Test func filesAreWhatTheBuilderMakes() throws {
        let vectors = try Vector.all()
        if ProtocolFolder.isAccepting {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for vector in vectors {
                try Data(vector.text.utf8).write(to: folder.appending(path: "\(vector.name).txt"))
            }
        }
        for vector in vectors {
            let text = try String(contentsOf: folder.appending(path: "\(vector.name).txt"), encoding: .utf8)
            #expect(text == vector.text, "\(vector.name)")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted()
        #expect(names == vectors.map { "\($0.name).txt" }.sorted())
    }

    @Test func filesEndAsTheySay() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted() {
            let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            let header = lines.prefix { !$0.isEmpty }
            let bytes = lines.dropFirst(header.count).joined(separator: " ").split(separator: " ")
                .compactMap { UInt8($0, radix: 16) }
            let limit = header.first { $0.hasPrefix("limit: ") }.flatMap { Int($0.dropFirst(7)) }
            #expect(header.contains("expect: " + Vector.outcome(bytes, limit)), "\(name)")
            #expect(header.contains { $0.hasPrefix("expect: accept") } == name.hasPrefix("valid-"), "\(name)")
        }
    }

    @Test func everyCodeAndOpcodeOccurs() throws {
        let vectors = try Vector.all()
        let expectations = vectors.map(\.expectation)
        for code in DecodeError.Code.allCases {
            #expect(expectations.contains { $0.hasPrefix("reject \(code.rawValue) \(code) ") }, "\(code)")
        }
        for code in VerificationError.Code.allCases {
            #expect(expectations.contains { $0.hasPrefix("reject \(code.rawValue) \(code) ") }, "\(code)")
        }
        let text = try vectors.filter { $0.name.hasPrefix("valid-") }
            .map { Disassembler(try Program(decoding: $0.bytes)).text() }.joined()
        let words = Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
        for opcode in Opcode.allCases where !opcode.isInternal {
            #expect(words.contains(opcode.info.name), "\(opcode)")
        }
    }

    @Test func disassemblyReadsAsWritten() throws {
        let vector = try #require(try Vector.all().first { $0.name == "valid-with" })
        let program = try Program.load(vector.bytes)
        #expect(
            Disassembler(program).chunk(0) == """
                chunk 0: top level, stack 3
                     0  null
                     1  pushWith             none
                     3  closure              chunk 1 [] with local 0
                     7  resolveWith          local 0 a
                    10  call                 1
                    12  closeScope           1
                    14  return

                """)
    }
}
