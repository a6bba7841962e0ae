import FirnCommands
import NixStore

/// A flake reference with a fragment, as an expression.
struct FlakeExpression {
    /// The source of the expression.
    let source: [UInt8]

    /// - Parameters:
    ///   - argument: `REFERENCE` or `REFERENCE#ATTRIBUTE`. A reference that begins with a dot or a slash is a directory.
    ///   - selects: whether a function gets the whole flake if no attribute is named.
    /// - Throws: `CommandFailure` if there is no such directory.
    init(_ argument: String, selects: Bool) throws {
        let cut = argument.firstIndex(of: "#") ?? argument.endIndex
        var reference = String(argument[..<cut])
        let fragment = argument[cut...].dropFirst()
        if reference.isEmpty || reference.hasPrefix(".") || reference.hasPrefix("/") {
            guard let path = RealPath.of(reference.isEmpty ? "." : reference) else {
                throw CommandFailure("'\(reference)' is not there or cannot be read", exitCode: 2)
            }
            reference = "path:\(path)"
        }
        let flake = "(builtins.getFlake \(Self.quoted(reference)))"
        if fragment.isEmpty {
            source = Array((selects ? flake : "\(flake).hydraJobs").utf8)
        } else {
            source = Array("\(flake).\(fragment)".utf8)
        }
    }

    /// A text as a string of the language.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text {
            if character == "\"" || character == "\\" || character == "$" { result.append("\\") }
            result.append(character)
        }
        return result + "\""
    }
}
