import ArgumentParser

/// The two words of an option that takes two, which `FirnCommand.joinPairs` has joined by a NUL.
package struct PairArgument: ExpressibleByArgument {
    /// The option with two words whose values are not arguments of functions.
    package static let overrideInput = "--override-input"

    package let first: String
    /// The second word; nil if it is missing.
    package let second: String?

    package init(argument: String) {
        let scalars = argument.unicodeScalars
        let cut = scalars.firstIndex(of: "\0")
        first = String(scalars[..<(cut ?? scalars.endIndex)])
        second = cut.map { String(scalars[scalars.index(after: $0)...]) }
    }
}
