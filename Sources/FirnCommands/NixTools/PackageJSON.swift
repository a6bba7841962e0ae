import NixEval
import NixVM

/// Packages as a JSON object by attribute path, which is printed at the end, because its names are sorted.
///
/// A package whose evaluation ends in a failed assertion is in it as far as it was evaluated, as in Nix.
struct PackageJSON: PackageReport {
    let columns: PackageColumns
    /// The packages as JSON on one line.
    private var packages: [[UInt8]: [UInt8]] = [:]

    init(columns: PackageColumns) { self.columns = columns }

    mutating func add(_ package: Package, _ found: QueriedPackage) throws(EvalFailure) {
        var fields: [(name: String, value: [UInt8])]?
        defer { packages[found.shownPath] = fields.map(Self.object) ?? Array("null".utf8) }
        let system = try package.system()
        fields = [
            ("name", JSONBytes.string(package.name)), ("outputName", JSONBytes.string(try package.outputName())),
            ("pname", JSONBytes.string(Array(found.name.name))), ("system", JSONBytes.string(system)),
            ("version", JSONBytes.string(Array(found.name.version))),
        ]
        let outputs = try package.outputs(withPaths: columns.outPath).map { output in
            JSONBytes.string(output.name) + [UInt8(ascii: ":")]
                + (output.path.map(JSONBytes.string) ?? Array("null".utf8))
        }
        fields?.append(("outputs", Self.braced(outputs)))
        if columns.drvPath, let path = try package.derivationPath() {
            fields?.append(("drvPath", JSONBytes.string(path)))
        }
        guard columns.meta else { return }
        var meta: [[UInt8]] = []
        // What precedes a failed assertion is shown.
        defer { fields?.append(("meta", Self.braced(meta))) }
        for name in try package.metaNames() {
            let value = try package.meta(name)?.json()
            if value == nil { PackageMeta.warn(package, name) }
            meta.append(JSONBytes.string(name) + [UInt8(ascii: ":")] + (value ?? Array("null".utf8)))
        }
    }

    private static func object(_ fields: [(name: String, value: [UInt8])]) -> [UInt8] {
        JSONBytes.object(fields.sorted { $0.name < $1.name })
    }

    private static func braced(_ items: [[UInt8]]) -> [UInt8] {
        [UInt8(ascii: "{")] + items.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "}")]
    }

    func finish() {
        guard !packages.isEmpty else { return Output.write(1, "{}\n") }
        var text = Array("{".utf8)
        for (index, name) in packages.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }).enumerated() {
            text += Array((index == 0 ? "\n  " : ",\n  ").utf8) + JSONBytes.string(name) + Array(": ".utf8)
            JSONIndentation.write(packages[name] ?? [], depth: 1, into: &text)
            if text.count > 1 << 16 {
                Output.write(1, text)
                text.removeAll(keepingCapacity: true)
            }
        }
        Output.write(1, text + Array("\n}\n".utf8))
    }
}

/// What is said about the attributes of `meta`.
enum PackageMeta {
    /// Says that an attribute is no plain data.
    static func warn(_ package: Package, _ name: [UInt8]) {
        Output.message(
            Array("derivation '".utf8) + package.name + Array("' has invalid meta attribute '".utf8) + name
                + Array("'\n".utf8))
    }
}
