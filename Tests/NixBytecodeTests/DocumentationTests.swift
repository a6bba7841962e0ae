import Foundation
import NixBytecode
import Testing

/// The generated chapters of protocol/bytecode.md agree with the opcode table and the error codes.
@Suite struct DocumentationTests {
    private let page = ProtocolFolder.url.appending(path: "bytecode.md")

    @Test func pageIsWhatTheTableSays() throws {
        let text = try String(contentsOf: page, encoding: .utf8)
        var wanted = text
        wanted = try replaced("opcodes", in: wanted, by: opcodes())
        wanted = try replaced("decode-codes", in: wanted, by: codes(DecodeError.Code.allCases) { $0.documentation })
        wanted = try replaced(
            "verification-codes", in: wanted, by: codes(VerificationError.Code.allCases) { $0.documentation })
        if ProtocolFolder.isAccepting { try Data(wanted.utf8).write(to: page) }
        let current = try String(contentsOf: page, encoding: .utf8)
        #expect(current == wanted)
    }

    @Test func tableIsComplete() {
        #expect(Opcode.table.map(\.opcode) == Opcode.allCases)
        for info in Opcode.table {
            #expect(info.operands.count <= 2, "\(info.name)")
            #expect(info.operands.contains(.jump) == (info.taken != nil), "\(info.name)")
            #expect(!info.operands.dropLast().contains(.jump), "\(info.name)")
            #expect(info.minimumCount == 0 || info.operands.contains(.count), "\(info.name)")
        }
    }

    /// The stack pictures of instructions with a fixed effect have as many values as the effect.
    @Test func picturesShowTheEffects() {
        for info in Opcode.table where info.opcode != .step {
            let edges = info.picture.components(separatedBy: ", jump: ")
            let effects = [info.next, info.taken].compactMap { $0 }
            guard edges.count == effects.count else { continue }
            for (edge, effect) in zip(edges, effects) { expect(edge, shows: effect, of: info.name) }
        }
    }

    private func expect(_ edge: String, shows effect: StackEffect, of name: String) {
        let sides = edge.components(separatedBy: "--").map { $0.split(separator: " ").count }
        switch effect {
        case .fixed(let pops, let pushes): #expect(sides == [pops, pushes], "\(name)")
        case .ends(let pops, 0): #expect(sides == [pops, 0], "\(name)")
        case .ends, .counted, .shape, .formals: #expect(edge.contains(".."), "\(name)")
        }
    }

    /// Replaces the text between `<!-- begin: name -->` and `<!-- end: name -->`.
    private func replaced(_ name: String, in text: String, by chapter: String) throws -> String {
        let begin = try #require(text.range(of: "<!-- begin: \(name) -->\n"))
        let end = try #require(text.range(of: "<!-- end: \(name) -->"))
        return text[..<begin.upperBound] + chapter + text[end.lowerBound...]
    }

    private func opcodes() -> String {
        let rows = Opcode.table.map { info in
            let operands = info.operands.map { operand in
                operand == .count && info.minimumCount > 0 ? "\(operand) ≥ \(info.minimumCount)" : "\(operand)"
            }.joined(separator: ", ")
            let picture = info.picture.replacing("|", with: "\\|")
            let text = info.documentation.replacing("|", with: "\\|")
            return "| \(info.opcode.rawValue) | `\(info.name)` | \(operands) | `\(picture)` | \(text) |\n"
        }
        return "| byte | opcode | operands | stack | meaning |\n|---|---|---|---|---|\n" + rows.joined()
    }

    private func codes<Code: RawRepresentable<UInt16>>(_ codes: [Code], _ text: (Code) -> String) -> String {
        "| code | name | meaning |\n|---|---|---|\n"
            + codes.map { "| \($0.rawValue) | `\($0)` | \(text($0)) |\n" }.joined()
    }
}
