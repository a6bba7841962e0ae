import NixEval
import NixStore
import NixSyntax
import NixVM

/// The text of a Nix expression, with what is needed to parse it.
struct NixSource {
    let text: [UInt8]
    /// How errors call it: a path, `«string»` or `«stdin»`.
    let name: String
    /// The directory that relative paths are relative to.
    let directory: [UInt8]

    /// An expression of the command line.
    init(expression: String) {
        text = Array(expression.utf8)
        name = "«string»"
        directory = currentDirectory()
    }

    /// What standard input has.
    init(standardInput: Void) throws(EvalFailure) {
        guard let text = readStandardInput() else {
            throw EvalFailure(kind: .io, message: Array("standard input cannot be read".utf8))
        }
        self.text = text
        name = "«stdin»"
        directory = currentDirectory()
    }

    /// A file, or the `default.nix` of a directory.
    init(path: [UInt8], _ io: LocalIO = LocalIO()) throws(EvalFailure) {
        do throws(EvalIOError) {
            let path = try io.resolveImport(path)
            text = try io.readFile(path)
            name = String(decoding: path, as: UTF8.self)
            directory = CanonPath.parent(of: path)
        } catch {
            throw EvalFailure(kind: .io, message: error.message)
        }
    }

    /// The parsed expression as Nix prints it.
    func printed(_ evaluator: Evaluator) throws(EvalFailure) -> [UInt8] {
        let home = LocalIO().homeDirectory ?? [UInt8(ascii: "/")]
        return try evaluator.parse(text, name: name).printed(baseDirectory: directory, homeDirectory: home)
    }
}
