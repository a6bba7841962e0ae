import NixBytecode
import NixVM

/// Runs mutated programs. A program that the verifier accepts must keep all invariants.
public enum ProgramTarget {
    /// A mutated program, encoded; nil if nothing could be mutated.
    public static func mutant(of original: Program, seed: UInt64) -> [UInt8]? {
        var mutator = ProgramMutator(seed: seed)
        return mutator.mutate(original)?.encoded()
    }

    /// The outcome of running a program.
    public enum Outcome {
        case rejected
        case ran(kind: FailureKind?)
        case found([Finding])
    }

    public static func outcome(_ bytes: [UInt8], seed: UInt64, hasDeadline: Bool = true) -> Outcome {
        var settings = RunSettings("checked")
        settings.fuel = 2_000
        settings.checks = MachineChecks(wholeHeapInterval: 50)
        settings.timeout = hasDeadline ? 10_000_000_000 : nil
        guard let checked = Run.observe(.program(bytes), settings) else { return .rejected }
        if checked.isViolation { return .found([Finding("violation", checked.text)]) }
        var stress = settings
        stress.name = "stress"
        stress.stress = true
        // Collecting at every allocation is slow, so only one in four programs is run that way.
        guard seed % 4 == 0 else { return .ran(kind: checked.kind) }
        guard let moved = Run.observe(.program(bytes), stress) else { return .rejected }
        if moved.isViolation { return .found([Finding("violation under stress", moved.text)]) }
        if moved.endsByResources || checked.endsByResources { return .ran(kind: checked.kind) }
        if moved.text != checked.text {
            return .found([Finding("outcome stress", "\(checked.text.prefix(400))\n\(moved.text.prefix(400))")])
        }
        if moved.fuel != checked.fuel { return .found([Finding("fuel stress", "\(checked.fuel)\n\(moved.fuel)")]) }
        return .ran(kind: checked.kind)
    }
}

extension ProgramTarget {
    /// Decodes and verifies a program; nil if it is invalid.
    public static func program(_ bytes: [UInt8]) -> Program? { try? Program.load(bytes) }
}
