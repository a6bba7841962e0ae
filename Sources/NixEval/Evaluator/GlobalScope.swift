import NixCompiler
import NixVM

/// The global names of a machine. In a pure machine some of them are missing, and then count as undefined variables
/// wherever they occur.
struct GlobalScope: Sendable {
    /// The index in `scopes`, which is part of the keys of caches.
    let number: UInt8
    let names: GlobalNames

    /// The globals that only some machines have. Each is a bit of a scope's number, which is set if the global is
    /// missing.
    private static let conditional = ["__currentSystem", "__currentTime"].map { Array($0.utf8) }

    private static let scopes: [GlobalScope] = (0..<(UInt8(1) << conditional.count)).map { number in
        let missing = conditional.enumerated().filter { number >> $0.offset & 1 == 1 }.map(\.element)
        return GlobalScope(
            number: number, names: GlobalNames(Machine.globalNames.filter { name in !missing.contains(name) }))
    }

    /// The scope with all globals.
    static var whole: GlobalScope { scopes[0] }

    static func of(_ machine: Machine) -> GlobalScope {
        var number = 0
        for (bit, name) in conditional.enumerated() where !machine.hasGlobal(name) { number |= 1 << bit }
        return scopes[number]
    }
}
