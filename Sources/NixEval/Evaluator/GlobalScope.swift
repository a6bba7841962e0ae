import NixCompiler
import NixVM

/// The names that sources find in a machine without binding them. What a pure machine lacks is an undefined variable
/// there, wherever it stands: in a source as in a program.
struct GlobalScope: Sendable {
    /// Which of `scopes` it is, for the keys of caches.
    let number: UInt8
    let names: GlobalNames

    /// Globals that only some machines have; each is a bit of a scope's number, set where it is missing.
    private static let conditional = ["__currentSystem", "__currentTime"].map { Array($0.utf8) }

    private static let scopes: [GlobalScope] = (0..<(UInt8(1) << conditional.count)).map { number in
        let missing = conditional.enumerated().filter { number >> $0.offset & 1 == 1 }.map(\.element)
        return GlobalScope(
            number: number, names: GlobalNames(Machine.globalNames.filter { name in !missing.contains(name) }))
    }

    /// With everything that some machine has.
    static var whole: GlobalScope { scopes[0] }

    static func of(_ machine: Machine) -> GlobalScope {
        var number = 0
        for (bit, name) in conditional.enumerated() where !machine.hasGlobal(name) { number |= 1 << bit }
        return scopes[number]
    }
}
