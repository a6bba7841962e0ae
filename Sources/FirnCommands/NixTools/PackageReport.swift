import NixEval
import NixVM

/// How the packages of a query are shown.
protocol PackageReport {
    /// Adds a package.
    ///
    /// - Throws: a failure of its evaluation. If that is a failed assertion, what was added of the package is what Nix shows
    ///   of it.
    mutating func add(_ package: Package, _ found: QueriedPackage) throws(EvalFailure)

    /// Prints what is not printed yet.
    func finish()
}
