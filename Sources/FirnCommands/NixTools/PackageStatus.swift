import NixEval
import NixStore
import NixVM

/// What a query knows of packages besides their values: what is installed, and the versions to compare with.
struct PackageStatus {
    /// How a version compares with those of the same name.
    struct Comparison {
        /// `<` if there is a newer one, `=` if there is an equal one, `>` if all are older, and `-` if there are none.
        let sign: String
        let version: [UInt8]
    }

    /// The output paths of what is installed.
    let installed: Set<[UInt8]>
    private let versions: [ArraySlice<UInt8>: [[UInt8]]]

    /// - Parameters:
    ///   - others: the packages to compare versions with.
    init(installed: Set<[UInt8]>, others: [PackageName]) {
        self.installed = installed
        versions = Dictionary(grouping: others, by: \.name).mapValues { $0.map { Array($0.version) } }
    }

    /// Whether a store path exists on this machine.
    static func isInStore(_ path: [UInt8]) -> Bool { (try? LocalIO().pathExists(path)) == true }

    func comparison(_ name: PackageName, _ package: Package) throws(EvalFailure) -> Comparison {
        var sign = "-"
        var shown: [UInt8] = []
        for version in versions[name.name] ?? [] {
            let order = try package.compareVersions(Array(name.version), version)
            if order < 0 {
                sign = "<"
                shown = version
            } else if sign != "<", order == 0 {
                sign = "="
                shown = version
            } else if sign != "<", sign != "=" {
                let isNewest = sign == "-" ? true : try package.compareVersions(shown, version) < 0
                if isNewest { shown = version }
                sign = ">"
            }
        }
        return Comparison(sign: sign, version: shown)
    }
}
