import ArgumentParser

/// An argument of functions, given by `--arg NAME EXPR` or `--argstr NAME TEXT`.
///
/// Both options fill one array, because the last value of a name is used, whichever option gave it.
/// `FirnCommand.joinPairs` has joined the two words: the name, a NUL and the expression, or two NULs and the text.
package struct CallArgument: ExpressibleByArgument {
    package enum Value: Equatable {
        case expression(String)
        case text(String)
    }

    package let name: String
    /// The value; nil if the option's second word is missing.
    package let value: Value?

    package init(argument: String) {
        let cut = argument.firstIndex(of: "\0") ?? argument.endIndex
        name = String(argument[..<cut])
        let rest = argument[cut...].dropFirst()
        if cut == argument.endIndex {
            value = nil
        } else if rest.first == "\0" {
            value = .text(String(rest.dropFirst()))
        } else {
            value = .expression(String(rest))
        }
    }

    /// The arguments without repeated names, with the last value of each name.
    package static func last(_ arguments: [CallArgument]) -> [CallArgument] {
        var names: Set<String> = []
        return arguments.reversed().filter { names.insert($0.name).inserted }.reversed()
    }

    /// Checks that no value is missing.
    ///
    /// - Throws: `ValidationError` for an option whose second word is missing.
    package static func check(_ arguments: [CallArgument]) throws {
        for argument in arguments where argument.value == nil {
            throw ValidationError("'\(argument.name)' lacks its second word: --arg and --argstr take two")
        }
    }
}
