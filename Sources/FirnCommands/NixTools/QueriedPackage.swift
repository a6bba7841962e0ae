import NixEval
import NixVM

/// A package that a query found.
struct QueriedPackage {
    let name: PackageName
    /// The names and indices that lead to it from where the search began.
    let path: [[UInt8]]
    /// The attribute path that is shown.
    let shownPath: [UInt8]
    /// The derivation, in the heap in which it was found.
    let value: ValueHandle

    /// - Parameters:
    ///   - prefix: the attribute path of the value that was searched.
    init(_ found: FoundDerivation, prefix: String) {
        name = PackageName(found.name)
        path = found.attributePath
        let names = (prefix.isEmpty ? [] : [Array(prefix.utf8)]) + found.attributePath
        shownPath = Array(names.joined(separator: [UInt8(ascii: ".")]))
        value = found.value
    }
}
