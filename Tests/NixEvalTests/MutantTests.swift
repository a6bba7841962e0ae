import NixEval
import NixStore
import NixVM
import TestSupport
import Testing

/// Mutated programs and sources on a machine: each is rejected or has an outcome, and the process survives. The seeds
/// are fixed, so that a failing mutant can be found again.
@Suite struct MutantTests {
    /// The numbers of mutants of encoded programs and of sources.
    static let programMutants = 100_000
    static let sourceMutants = 20_000

    /// Evaluates mutants of the originals, in turn, and tallies the outcomes.
    private func evaluate(
        _ count: Int, of originals: [(name: String, bytes: [UInt8])], seed: UInt64,
        _ input: ([UInt8], _ name: String) -> EvaluationJob.Input
    ) async throws -> Tally {
        try #require(originals.count > 300)
        let machine = try VirtualMachine(programCacheBytes: 0)
        var random = SeededGenerator(seed: seed)
        var tally = Tally()
        for number in 0..<count {
            let original = originals[number % originals.count]
            let job = try SuitePrograms.job(input(Mutation.mutate(original.bytes, &random), original.name), fuel: 2_000)
            tally.count(await machine.evaluate(job, cancellation: Cancellation()).outcome, "\(original.name) \(number)")
        }
        return tally
    }

    @Test func programs() async throws {
        let tally = try await evaluate(Self.programMutants, of: SuitePrograms.encoded, seed: 11) { mutant, name in
            .program(mutant, name: name, directory: SuitePrograms.directory)
        }
        #expect(tally.rejected > Self.programMutants / 10)
        #expect(tally.values > Self.programMutants / 100)
        #expect(tally.failed > Self.programMutants / 100)
    }

    @Test func sources() async throws {
        let tally = try await evaluate(Self.sourceMutants, of: SuitePrograms.sources, seed: 12) { mutant, name in
            .source(mutant, name: name, directory: SuitePrograms.directory)
        }
        #expect(tally.rejected == 0)
        #expect(tally.values > Self.sourceMutants / 100)
        #expect(tally.failed > Self.sourceMutants / 10)
    }

    @Test func randomTokens() async throws {
        let machine = try VirtualMachine(programCacheBytes: 0)
        var random = SeededGenerator(seed: 13)
        var tally = Tally()
        for number in 0..<Self.sourceMutants {
            let source = Mutation.tokens(&random)
            let job = try SuitePrograms.job(
                .source(source, name: "tokens", directory: SuitePrograms.directory), fuel: 2_000)
            tally.count(await machine.evaluate(job, cancellation: Cancellation()).outcome, "tokens \(number)")
        }
        #expect(tally.values > 0)
        #expect(tally.failed > Self.sourceMutants / 2)
    }
}

/// The numbers of evaluations by outcome.
private struct Tally {
    var values = 0
    var failed = 0
    var rejected = 0

    mutating func count(_ outcome: EvaluationReport.Outcome, _ label: String) {
        switch outcome {
        case .value, .resultTooLarge: values += 1
        case .failed: failed += 1
        case .rejected: rejected += 1
        case .needsBuilds: Issue.record("\(label): asks for builds")
        case .internalError(let text): Issue.record("\(label): \(text)")
        }
    }
}

/// Mutations of bytes.
enum Mutation {
    /// Applies one to three mutations: replacing, inserting, removing or duplicating bytes, or truncating.
    static func mutate(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0...random.below(3) {
            guard !bytes.isEmpty else { return bytes }
            let offset = random.below(bytes.count)
            switch random.below(12) {
            case 0: bytes.removeSubrange(offset...)
            case 1: bytes.removeSubrange(offset..<min(bytes.count, offset + 1 + random.below(4)))
            case 2: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: offset)
            case 3: bytes.insert(contentsOf: bytes[offset..<min(bytes.count, offset + random.below(24))], at: offset)
            case 4: bytes[offset] = UInt8(truncatingIfNeeded: random.next())
            case 5: bytes[offset] ^= 1 << UInt8(random.below(8))
            case 6: bytes.swapAt(offset, random.below(bytes.count))
            case 7, 8: bytes[offset] = bytes[random.below(bytes.count)]
            default: bytes[offset] = bytes[offset] &+ (random.chance(50) ? 1 : 255)
            }
        }
        return bytes
    }

    private static let words: [String] = [
        "a", "b", "x", "or", "__curPos", "true", "null", "builtins", "map", "1", "2.5", ".5", "\"", "''", "${", "}",
        "{", "(", ")", "[", "]", ";", ":", ",", "@", "?", ".", "...", "=", "==", "!=", "<", ">", "<=", ">=", "//",
        "++", "+", "-", "*", "/", "->", "&&", "||", "!", "|>", "<|", "if", "then", "else", "assert", "with", "let",
        "in", "rec", "inherit", "./p", "../q", "~/r", "<s>", "http://t", "#c\n", "/*c*/", "''$", "'''", "\\n", "\\",
        "$", "\0", "\u{FEFF}", "\r\n", "é",
    ]

    /// Tokens of the language in random order.
    static func tokens(_ random: inout SeededGenerator) -> [UInt8] {
        var result: [UInt8] = []
        for _ in 0...random.below(24) {
            result += Array(words[random.below(words.count)].utf8)
            if random.chance(70) { result.append(UInt8(ascii: " ")) }
        }
        return result
    }
}
