import NixBytecode
import NixCompiler
import NixEval
import NixSyntax
import NixVM

/// Runs a source in every mode, and reports where the results differ or exceed limits.
public enum SourceTarget {
    /// The processor time in nanoseconds by which an evaluation may exceed its deadline.
    static let graceNanoseconds: UInt64 = 100_000_000

    /// The bytes by which an evaluation may exceed its memory limit.
    static func graceBytes(_ limit: Int) -> Int { max(16 << 20, limit / 20) }

    /// The limits for a seed.
    public static func settings(seed: UInt64) -> RunSettings {
        var plain = RunSettings.plain
        plain.fuel = [500, 2_000, 5_000, 20_000, 20_000, 100_000][Int(seed % 6)]
        plain.depth = seed % 5 == 0 ? 300 : 20_000
        return plain
    }

    /// All findings; empty if there are none.
    public static func findings(_ source: String, _ plain: RunSettings) -> [Finding] {
        guard let first = Run.observe(.source(source), plain) else { return [Finding("no run", "no machine")] }
        var findings = limits(first, plain)
        for other in variants(of: plain) {
            guard let observation = Run.observe(.source(source), other) else { continue }
            findings += limits(observation, other)
            // With a smaller heap it may end earlier.
            if observation.endsByResources || first.endsByResources { continue }
            // How many frames of a deep failure are kept depends on the memory limit.
            let isCut = other.memory != plain.memory && first.text.contains(" frames omitted)")
            findings += difference(
                isCut ? withoutTrace(first) : first, isCut ? withoutTrace(observation) : observation, plain.name,
                other.name)
        }
        if let program = encoded(source), let observation = Run.observe(.program(program), plain),
            !observation.endsByResources, !first.endsByResources
        {
            findings += difference(stripped(first), stripped(observation), plain.name, "program")
        }
        return findings
    }

    /// The findings about time and memory, for a source that only limits can end.
    public static func passedLimits(_ source: String) -> [Finding] {
        var settings = RunSettings("limits")
        settings.fuel = nil
        settings.depth = 10_000_000
        guard let observation = Run.observe(.source(source), settings) else { return [Finding("no run", "no machine")] }
        return limits(observation, settings)
    }

    private static func variants(of plain: RunSettings) -> [RunSettings] {
        var stress = plain
        stress.name = "stress"
        stress.stress = true
        stress.timeout = nil
        var small = plain
        small.name = "small heap"
        small.memory = 12 << 20
        var observed = plain
        observed.name = "observed"
        observed.level = .ops
        observed.timeout = nil
        var checked = plain
        checked.name = "checked"
        checked.countsWork = false
        checked.checks = MachineChecks(wholeHeapInterval: 2_000)
        checked.timeout = nil
        return [small, observed, checked] + ((plain.fuel ?? .max) <= 20_000 ? [stress] : [])
    }

    /// An observation without the differences of programs: their failures show no source text, and the texts of their
    /// assertions have paths as written.
    private static func stripped(_ observation: Observation) -> Observation {
        var observation = observation
        if observation.kind == .assertion { observation.message = "" }
        return withoutTrace(observation)
    }

    /// An observation whose failure is told by its kind and message alone.
    private static func withoutTrace(_ observation: Observation) -> Observation {
        var observation = observation
        if let kind = observation.kind { observation.text = "\(kind): \(observation.message)" }
        return observation
    }

    private static func difference(
        _ a: Observation, _ b: Observation, _ first: String, _ second: String
    ) -> [Finding] {
        if b.isViolation { return [] }
        if a.text != b.text {
            let (x, y) = (rest(a.text, after: b.text), rest(b.text, after: a.text))
            return [Finding("outcome \(second)", "\(first): \(x)\n\(second): \(y)")]
        }
        if a.fuel != b.fuel { return [Finding("fuel \(second)", "\(first): \(a.fuel)\n\(second): \(b.fuel)")] }
        if a.printed != b.printed { return [Finding("printed \(second)", "\(a.printed.count), \(b.printed.count)")] }
        return []
    }

    /// A text from the first line on that differs from another text.
    private static func rest(_ text: String, after other: String) -> String {
        let lines = text.split(separator: "\n")
        let same = zip(lines, other.split(separator: "\n")).prefix { $0 == $1 }.count
        return String(lines.dropFirst(same).joined(separator: "\n").prefix(600))
    }

    private static func limits(_ observation: Observation, _ settings: RunSettings) -> [Finding] {
        if observation.isViolation { return [Finding("violation \(settings.name)", observation.text)] }
        var findings: [Finding] = []
        if let timeout = settings.timeout, observation.nanoseconds > timeout + graceNanoseconds {
            findings.append(
                Finding(
                    "time \(settings.name)",
                    "\(observation.nanoseconds / 1_000_000) ms, \(observation.text.prefix(200))"))
        }
        if let memory = settings.memory, !settings.stress, settings.level == nil, settings.checks == nil,
            observation.residentBytes > memory + graceBytes(memory)
        {
            findings.append(
                Finding(
                    "memory \(settings.name)", "\(observation.residentBytes >> 20) MiB, \(observation.text.prefix(200))"
                ))
        }
        return findings
    }

    /// The encoded program of a source; nil if it does not compile.
    public static func encoded(_ source: String) -> [UInt8]? {
        let options = CompileOptions(globals: GlobalNames(Machine.globalNames))
        guard let tree = try? parse(Array(source.utf8)), let analysed = try? AnalysedSource(tree, options: options),
            let program = try? analysed.program()
        else { return nil }
        return program.encoded()
    }
}
