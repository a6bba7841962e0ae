import NixBytecode
import NixVM

/// Runs changed programs: what the verifier lets through must run with every invariant whole.
public enum ProgramTarget {
    /// A changed program, encoded; nil where nothing could be changed.
    public static func mutant(of original: Program, seed: UInt64) -> [UInt8]? {
        var mutator = ProgramMutator(seed: seed)
        return mutator.mutate(original)?.encoded()
    }

    /// What came of a program.
    public enum Outcome {
        case rejected
        case ran(kind: FailureKind?)
        case found([Finding])
    }

    public static func outcome(_ bytes: [UInt8], seed: UInt64) -> Outcome {
        var settings = RunSettings("checked")
        settings.fuel = 2_000
        settings.checks = MachineChecks(wholeHeapInterval: 50)
        settings.timeout = 10_000_000_000
        guard let checked = Run.observe(.program(bytes), settings) else { return .rejected }
        if checked.isViolation { return .found([Finding("violation", checked.text)]) }
        var stress = settings
        stress.name = "stress"
        stress.stress = true
        // Stress costs more, so that not each of them gets it.
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
    /// A program that was encoded and is right.
    public static func program(_ bytes: [UInt8]) -> Program? { try? Program.load(bytes) }
}
