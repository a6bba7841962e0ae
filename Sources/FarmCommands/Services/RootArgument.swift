import ArgumentParser
import NixStore

/// A root on the command line or in a configuration: `NAME=DIRECTORY`.
struct RootArgument: ExpressibleByArgument {
    let name: String
    let directory: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "=") else { return nil }
        name = String(argument[..<equals])
        directory = String(argument[argument.index(after: equals)...])
        guard RootedIO.isValidName(name), !directory.isEmpty else { return nil }
    }

    var text: String { "\(name)=\(directory)" }
}
