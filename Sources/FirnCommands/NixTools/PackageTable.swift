import NixEval
import NixVM

/// Packages as lines of columns, which are printed at the end, because every column is as wide as its widest text.
struct PackageTable: PackageReport {
    let columns: PackageColumns
    let status: PackageStatus
    private var rows: [[[UInt8]]] = []

    init(columns: PackageColumns, status: PackageStatus) {
        self.columns = columns
        self.status = status
    }

    mutating func add(_ package: Package, _ found: QueriedPackage) throws(EvalFailure) {
        var row: [[UInt8]] = []
        if columns.status { row.append(try letters(try package.outputPath())) }
        if columns.attrPath { row.append(found.shownPath) }
        if !columns.noName { row.append(package.name) }
        if columns.compareVersions {
            let comparison = try status.comparison(found.name, package)
            row.append(Array("\(comparison.sign) ".utf8) + comparison.version)
        }
        if columns.system { row.append(try package.system()) }
        if columns.drvPath { row.append(try package.derivationPath() ?? Array("-".utf8)) }
        if columns.outPath { row.append(try outputs(package)) }
        if columns.description { row.append(try package.meta(Array("description".utf8))?.string ?? []) }
        rows.append(row)
    }

    private func letters(_ path: [UInt8]) throws(EvalFailure) -> [UInt8] {
        let isInstalled = status.installed.contains(path)
        return Array("\(isInstalled ? "I" : "-")\(PackageStatus.isInStore(path) ? "P" : "-")-".utf8)
    }

    /// The outputs, separated by semicolons, with the names of those that are not `out`.
    private func outputs(_ package: Package) throws(EvalFailure) -> [UInt8] {
        let outputs = try package.outputs(withPaths: true).map { output in
            let name = output.name == Array("out".utf8) ? [] : output.name + [UInt8(ascii: "=")]
            return name + (output.path ?? [])
        }
        return Array(outputs.joined(separator: [UInt8(ascii: ";")]))
    }

    func finish() { Output.text(text) }

    /// The lines. All columns but the last are padded to the width of the widest text, and two spaces.
    var text: [UInt8] {
        var widths = [Int](repeating: 0, count: rows.first?.count ?? 0)
        for row in rows {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
        }
        var text: [UInt8] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                text += cell.lazy.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 }
                guard column < row.count - 1 else { continue }
                text += repeatElement(UInt8(ascii: " "), count: widths[column] - cell.count + 2)
            }
            text.append(UInt8(ascii: "\n"))
        }
        return text
    }
}
