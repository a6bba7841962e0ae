import NixEval
import NixVM

/// A word of `nix-env` that names packages: a regular expression for the name without the version, or `*` for all, and
/// the version if there is one.
struct PackageSelector {
    let word: PackageName
    private let evaluator: Evaluator

    init(_ word: String, _ evaluator: Evaluator) {
        self.word = PackageName(Array(word.utf8))
        self.evaluator = evaluator
    }

    private func matches(_ package: PackageName) throws(EvalFailure) -> Bool {
        if !word.version.isEmpty, word.version != package.version { return false }
        if word.name.elementsEqual("*".utf8) { return true }
        let machine = evaluator.machine
        let mark = machine.handleMark()
        defer { machine.releaseHandles(since: mark) }
        let texts = [machine.makeString(Array(word.name)), machine.makeString(Array(package.name))]
        return machine.isList(try evaluator.call(builtin: "match", texts))
    }

    /// The packages that the words name: those of the first word, then the further ones of the second, and so on.
    ///
    /// - Parameters:
    ///   - words: the words; all packages are meant if there are none.
    ///   - names: the names of all packages.
    /// - Returns: indices in `names`.
    /// - Throws: an error about a word that names no package.
    static func select(
        _ words: [String], among names: [PackageName], _ evaluator: Evaluator
    ) throws(EvalFailure) -> [Int] {
        var selected: [Int] = []
        var done: Set<Int> = []
        for word in words.isEmpty ? ["*"] : words {
            let selector = PackageSelector(word, evaluator)
            var isUsed = false
            for (index, name) in names.enumerated() where try selector.matches(name) {
                isUsed = true
                if done.insert(index).inserted { selected.append(index) }
            }
            if !isUsed, word != "*" { throw selector.unused(names) }
        }
        return selected
    }

    /// The error about a word that names no package, with up to three names that begin alike.
    private func unused(_ names: [PackageName]) -> EvalFailure {
        var similar: Set<ArraySlice<UInt8>> = []
        for name in names where name.name.starts(with: word.name) && similar.count < 3 { similar.insert(name.name) }
        var message = Array("selector '".utf8) + word.full + Array("' matches no derivations".utf8)
        if !similar.isEmpty { message += Array(", maybe you meant:".utf8) }
        for name in similar.sorted(by: { $0.lexicographicallyPrecedes($1) }) { message += [UInt8(ascii: "\n")] + name }
        return EvalFailure(kind: .value, message: message)
    }
}
