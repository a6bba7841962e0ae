import ArgumentParser
import NixStore

/// An argument of functions, given by `--arg NAME EXPR`, `--argstr NAME TEXT`, `--arg-from-file NAME FILE` or
/// `--arg-from-stdin NAME`.
///
/// The options fill one array, because the last value of a name is used, whichever option gave it.
/// `FirnCommand.joinPairs` has joined the words of each.
package struct CallArgument: ExpressibleByArgument {
    package enum Value: Equatable {
        case expression(String)
        case text(String)
        /// The contents of a file.
        case file(String)
        case standardInput
    }

    /// How an option is written, and how its words are joined: the name, as many NULs as the option's place in this list,
    /// and the value.
    package enum Form: Int, CaseIterable {
        case expression = 1
        case text, file, standardInput

        init?(option: String) {
            switch option {
            case "--arg": self = .expression
            case "--argstr": self = .text
            case "--arg-from-file": self = .file
            case "--arg-from-stdin": self = .standardInput
            default: return nil
            }
        }

        /// The words after the name.
        var valueCount: Int { self == .standardInput ? 0 : 1 }
        var separator: String { String(repeating: "\0", count: rawValue) }
    }

    package let name: String
    /// The value; nil if the option's second word is missing.
    package let value: Value?

    package init(argument: String) {
        let scalars = argument.unicodeScalars
        name = String(scalars.prefix { $0 != "\0" })
        let rest = scalars.drop { $0 != "\0" }
        let text = String(rest.drop { $0 == "\0" })
        switch Form(rawValue: rest.count { $0 == "\0" }) {
        case .expression: value = .expression(text)
        case .text: value = .text(text)
        case .file: value = .file(text)
        case .standardInput: value = .standardInput
        case nil: value = nil
        }
    }

    /// The arguments without repeated names, with the last value of each name.
    package static func last(_ arguments: [CallArgument]) -> [CallArgument] {
        var names: Set<String> = []
        return arguments.reversed().filter { names.insert($0.name).inserted }.reversed()
    }

    /// Checks that no value is missing, and that standard input is read only once.
    ///
    /// - Parameter files: the command's files, of which one may be standard input.
    /// - Throws: `ValidationError`.
    package static func check(_ arguments: [CallArgument], files: [String] = []) throws {
        for argument in arguments where argument.value == nil {
            throw ValidationError(
                "'\(argument.name)' lacks its second word: --arg, --argstr and --arg-from-file take two")
        }
        if arguments.count(where: { $0.value == .standardInput }) + files.count(where: { $0 == "-" }) > 1 {
            throw ValidationError("--arg-from-stdin and - stand for standard input, which can be read only once")
        }
    }

    /// The bytes of a value that is a string; nil for an expression.
    ///
    /// - Throws: why a file cannot be read.
    package func text() throws(EvalIOError) -> [UInt8]? {
        switch value {
        case .text(let text): return Array(text.utf8)
        case .file(let file):
            return try LocalIO().readFile(CanonPath.absolute(Array(file.utf8), relativeTo: currentDirectory()))
        case .standardInput: return readStandardInput() ?? []
        case .expression, nil: return nil
        }
    }
}
