import ArgumentParser

/// What one `--arg NAME EXPR` or `--argstr NAME TEXT` gives to functions.
///
/// Both options fill one array, since of several for one name the last counts, whichever option gave it.
/// `FirnCommand.joinPairs` has made a single word of each: `NAME`, a NUL and the expression, or two NULs and the text.
package struct CallArgument: ExpressibleByArgument {
    package enum Value: Equatable {
        case expression(String)
        case text(String)
    }

    package let name: String
    /// Nil when the option's second word is missing.
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

    /// Those that count, each name once: the last that was given.
    package static func last(_ arguments: [CallArgument]) -> [CallArgument] {
        var names: Set<String> = []
        return arguments.reversed().filter { names.insert($0.name).inserted }.reversed()
    }

    /// - Throws: `ValidationError` for an option whose second word is missing.
    package static func check(_ arguments: [CallArgument]) throws {
        for argument in arguments where argument.value == nil {
            throw ValidationError("'\(argument.name)' lacks its second word: --arg and --argstr take two")
        }
    }
}
