import NixEval
import NixVM

/// Packages as XML, which is printed as it is made.
struct PackageXML: PackageReport {
    let columns: PackageColumns
    let status: PackageStatus

    init(columns: PackageColumns, status: PackageStatus) {
        self.columns = columns
        self.status = status
        var text = XMLLines()
        text.open("items", [:])
        Output.text(Array("<?xml version='1.0' encoding='utf-8'?>\n".utf8) + text.bytes)
    }

    mutating func add(_ package: Package, _ found: QueriedPackage) throws(EvalFailure) {
        let attributes = try attributes(package, found)
        var text = XMLLines(depth: 1)
        text.open("item", attributes)
        // What precedes a failed assertion is shown, and the element is closed.
        defer {
            text.close("item")
            Output.text(text.bytes)
        }
        for output in try package.outputs(withPaths: columns.outPath) {
            var attributes = ["name": output.name]
            attributes["path"] = output.path
            text.empty("output", attributes)
        }
        guard columns.meta else { return }
        for name in try package.metaNames() {
            if let value = try package.meta(name)?.kind() {
                Self.add(name, value, to: &text)
            } else {
                PackageMeta.warn(package, name)
            }
        }
    }

    private func attributes(_ package: Package, _ found: QueriedPackage) throws(EvalFailure) -> [String: [UInt8]] {
        var attributes: [String: [UInt8]] = [:]
        if columns.status {
            let path = try package.outputPath()
            attributes["installed"] = Array((status.installed.contains(path) ? "1" : "0").utf8)
            attributes["valid"] = Array((PackageStatus.isInStore(path) ? "1" : "0").utf8)
            attributes["substitutable"] = Array("0".utf8)
        }
        attributes["attrPath"] = found.shownPath
        attributes["name"] = package.name
        attributes["pname"] = Array(found.name.name)
        attributes["version"] = Array(found.name.version)
        if columns.compareVersions {
            let comparison = try status.comparison(found.name, package)
            if comparison.sign != "-" {
                attributes["versionDiff"] = Array(comparison.sign.utf8)
                attributes["maxComparedVersion"] = comparison.version
            }
        }
        let system = try package.system()
        if !system.isEmpty { attributes["system"] = system }
        if columns.drvPath, let path = try package.derivationPath() { attributes["drvPath"] = path }
        attributes["outputName"] = try package.outputName()
        if columns.description, let text = try package.meta(Array("description".utf8))?.string, !text.isEmpty {
            attributes["description"] = text
        }
        return attributes
    }

    private static func add(_ name: [UInt8], _ value: MetaValue.Kind, to text: inout XMLLines) {
        func empty(_ type: String, _ value: [UInt8]) {
            text.empty("meta", ["name": name, "type": Array(type.utf8), "value": value])
        }
        func strings(_ items: [[String: [UInt8]]]) {
            text.open("meta", ["name": name, "type": Array("strings".utf8)])
            for item in items { text.empty("string", item) }
            text.close("meta")
        }
        switch value {
        case .string(let string): empty("string", string)
        case .int(let number): empty("int", number)
        case .float(let number): empty("float", number)
        case .bool(let flag): empty("bool", Array((flag ? "true" : "false").utf8))
        case .list(let items): strings(items.map { ["value": $0] })
        case .set(let items): strings(items.map { ["type": $0.name, "value": $0.value] })
        }
    }

    func finish() { Output.text("</items>\n") }
}

/// Lines of XML with indented elements, whose attributes are sorted by name.
struct XMLLines {
    private(set) var bytes: [UInt8] = []
    private var depth: Int

    init(depth: Int = 0) { self.depth = depth }

    mutating func open(_ name: String, _ attributes: [String: [UInt8]]) {
        start(name, attributes)
        bytes += Array(">\n".utf8)
        depth += 1
    }

    mutating func close(_ name: String) {
        depth -= 1
        indent()
        bytes += Array("</\(name)>\n".utf8)
    }

    mutating func empty(_ name: String, _ attributes: [String: [UInt8]]) {
        start(name, attributes)
        bytes += Array(" />\n".utf8)
    }

    private mutating func start(_ name: String, _ attributes: [String: [UInt8]]) {
        indent()
        bytes += Array("<\(name)".utf8)
        for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
            bytes += Array(" \(name)=\"".utf8)
            for byte in value { append(escaped: byte) }
            bytes.append(UInt8(ascii: "\""))
        }
    }

    private mutating func append(escaped byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): bytes += Array("&quot;".utf8)
        case UInt8(ascii: "<"): bytes += Array("&lt;".utf8)
        case UInt8(ascii: ">"): bytes += Array("&gt;".utf8)
        case UInt8(ascii: "&"): bytes += Array("&amp;".utf8)
        case UInt8(ascii: "\n"): bytes += Array("&#xA;".utf8)
        default: bytes.append(byte)
        }
    }

    private mutating func indent() { bytes += repeatElement(UInt8(ascii: " "), count: 2 * depth) }
}
