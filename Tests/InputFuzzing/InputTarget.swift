/// Something that reads bytes from outside, for a fuzzer that is guided by coverage, and for the tests that replay what
/// was found.
///
/// Whatever the bytes are, `run` returns. It traps if a property does not hold that must hold for all inputs, so that the
/// fuzzer sees a crash.
public struct InputTarget: Sendable {
    public let name: String
    public let run: @Sendable ([UInt8]) -> Void
    /// Inputs from which the search begins: valid ones, one of each form.
    public let seeds: [[UInt8]]

    init(_ name: String, seeds: [String], _ run: @escaping @Sendable ([UInt8]) -> Void) {
        self.init(name, bytes: seeds.map { Array($0.utf8) }, run)
    }

    init(_ name: String, bytes seeds: [[UInt8]], _ run: @escaping @Sendable ([UInt8]) -> Void) {
        self.name = name
        self.seeds = seeds
        self.run = run
    }

    public static let all = sources + texts + archives + references + messages

    /// The target with a name; nil if there is none.
    public static func named(_ name: String) -> InputTarget? { all.first { $0.name == name } }
}

/// Ends the process because a property does not hold, which a fuzzer takes as a finding.
func require(_ condition: Bool, _ property: @autoclosure () -> String) {
    if !condition { fatalError("finding: \(property())") }
}
