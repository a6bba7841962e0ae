import NixEval
import NixStore
import NixVM

/// Makes the links of `--add-root` and `--gc-roots-dir`.
final class RootMaker {
    /// The link to the first derivation, from which the names of the others are made.
    private let root: String?
    /// The directory of links with the names of the derivations.
    private let directory: String?
    private let evaluator: Evaluator
    /// Whether a warning without links is still to be printed.
    private var warns: Bool
    private var count = 0

    /// - Parameter warns: whether the store is one whose objects may be collected, and the warning about that is wanted.
    init(root: String?, directory: String?, evaluator: Evaluator, warns: Bool) {
        self.root = root
        self.directory = directory
        self.evaluator = evaluator
        self.warns = warns && root == nil && directory == nil
    }

    convenience init(_ arguments: RootArguments, evaluator: Evaluator, warns: Bool) {
        self.init(
            root: arguments.addRoot, directory: arguments.gcRootsDir, evaluator: evaluator,
            warns: warns && !arguments.noGcWarning)
    }

    /// Makes the links to a derivation, or warns once that there are none.
    ///
    /// - Returns: what is printed for the derivation: its root, or its store path without one.
    func makeRoot(_ derivation: [UInt8]) throws(EvalFailure) -> [UInt8] {
        if warns {
            Output.note(
                "warning: you did not specify '--add-root'; the result might be removed by the garbage collector")
            warns = false
        }
        if let directory {
            let link = absolute(directory + "/") + [UInt8(ascii: "/")] + CanonPath.baseName(of: derivation)
            try evaluator.addRoot(link, to: derivation)
        }
        guard let root else { return derivation }
        count += 1
        let link = absolute(count == 1 ? root : "\(root)-\(count)")
        try evaluator.addRoot(link, to: derivation)
        return link
    }

    private func absolute(_ path: String) -> [UInt8] {
        CanonPath.absolute(Array(path.utf8), relativeTo: currentDirectory())
    }
}
