import FirnCommands
import NixStore

/// The lines of one evaluation, by attribute.
struct Evaluation: Sendable {
    /// A line, of which little is kept in parts, because most lines are the same in both evaluations.
    struct Entry: Sendable {
        let line: String
        /// The path of the derivation; nil if there is none.
        let derivation: String?
        /// The SHA-256 of the line without what differs from run to run.
        let digest: [UInt8]
    }

    private(set) var entries: [String: Entry] = [:]
    /// What all attributes used together; nil if the lines do not say.
    private(set) var usage: EvaluatedAttribute.Usage?

    /// Adds a line.
    ///
    /// - Throws: `EvaluatedAttribute.Mistake` if it is none of an evaluation, or of an attribute that came before.
    mutating func add(_ line: String) throws(EvaluatedAttribute.Mistake) {
        guard let attribute = try EvaluatedAttribute.read(line) else { return }
        if let used = attribute.usage { usage = usage.map { $0 + used } ?? used }
        let stable = Self.withoutUsage(line)
        let entry = Entry(
            line: line, derivation: attribute.derivation, digest: Hash(of: Array(stable.utf8), .sha256).bytes)
        guard entries.updateValue(entry, forKey: attribute.name) == nil else {
            throw EvaluatedAttribute.Mistake(description: "the attribute '\(attribute.name)' comes twice")
        }
    }

    /// The line without the field `stats`, which is different in every run.
    private static func withoutUsage(_ line: String) -> String {
        guard line.contains("\"stats\":"), var value = try? JSONValue(parsing: line) else { return line }
        value["stats"] = nil
        return value.text
    }

    /// Reads a stream of lines.
    ///
    /// - Parameters:
    ///   - reader: reads the lines.
    ///   - name: the name of the stream in errors.
    /// - Throws: `CommandFailure` for the first line that cannot be used.
    static func read(_ reader: LineReader, name: String) async throws -> Evaluation {
        var evaluation = Evaluation()
        while true {
            let lines = try await reader.next(1_000)
            if lines.isEmpty { return evaluation }
            for line in lines {
                do throws(EvaluatedAttribute.Mistake) {
                    try evaluation.add(String(decoding: line.text, as: UTF8.self))
                } catch {
                    throw CommandFailure(
                        "\(name):\(line.number): this is no line of firn eval-jobs or nix-eval-jobs: \(error)",
                        exitCode: 2)
                }
            }
        }
    }
}

extension EvaluatedAttribute.Usage {
    static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum += right
        return sum
    }
}
