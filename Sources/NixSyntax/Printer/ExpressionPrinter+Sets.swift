/// Sets, functions and selections. Nix sorts attributes and formals by name.
extension ExpressionPrinter {
    mutating func showSet(_ bindings: BindingsID, recursive: Bool) {
        then(.text(recursive ? "rec { " : "{ "))
        showBindings(bindings)
        then(.text("}"))
    }

    /// First what is inherited, then by source of inheritance, then the rest, then computed names in source order.
    mutating func showBindings(_ id: BindingsID) {
        let bindings = tree.bindings[Int(id.rawValue)]
        let attributes = sorted(bindings.attributes)
        showInherited(attributes)
        showInheritedFrom(attributes, bindings)
        for attribute in attributes {
            guard case .expression(let value) = attribute.value else { continue }
            then(.name(attribute.name))
            then(" = ", value)
            then(.text("; "))
        }
        for index in seen(bindings.dynamicAttributes.range) {
            then("\"${", tree.dynamicAttributes[index].name)
            then("}\" = ", tree.dynamicAttributes[index].value)
            then(.text("; "))
        }
    }

    private mutating func sorted(_ run: Run) -> [Attribute] {
        guard run.count > 1 else { return Array(tree.attributes[run.range]) }
        if limit != .max { return firstByName(tree.attributes, run) { $0.name } }
        let ranks = ranks()
        return tree.attributes[run.range].sorted { ranks[Int($0.name.rawValue)] < ranks[Int($1.name.rawValue)] }
    }

    private mutating func showInherited(_ attributes: [Attribute]) {
        var isFirst = true
        for attribute in attributes {
            guard case .inherited = attribute.value else { continue }
            then(.text(isFirst ? "inherit " : " "))
            then(.name(attribute.name))
            isFirst = false
        }
        if !isFirst { then(.text("; ")) }
    }

    private mutating func showInheritedFrom(_ attributes: [Attribute], _ bindings: Bindings) {
        guard bindings.inheritSources.count > 0 else { return }
        var names: [UInt32: [SymbolID]] = [:]
        for attribute in attributes {
            if case .inheritedFrom(let source) = attribute.value { names[source, default: []].append(attribute.name) }
        }
        for (source, names) in names.sorted(by: { $0.key < $1.key }) {
            then("inherit (", tree.children[Int(bindings.inheritSources.start + source)])
            then(.text(")"))
            for name in names {
                then(.text(" "))
                then(.name(name))
            }
            then(.text("; "))
        }
    }

    mutating func showSelect(_ base: NodeID, _ path: Run, _ fallback: NodeID?) {
        then("(", base)
        then(.text(")."))
        showPath(path)
        guard let fallback else { return }
        then(" or (", fallback)
        then(.text(")"))
    }

    mutating func showPath(_ path: Run) {
        for index in seen(path.range) {
            if index > Int(path.start) { then(.text(".")) }
            switch tree.attributeNames[index] {
            case .fixed(let name, _): then(.name(name))
            case .dynamic(let node, _):
                then("\"${", node)
                then(.text("}\""))
            }
        }
    }

    mutating func showLambda(_ lambda: Lambda) {
        then(.text("("))
        if lambda.hasFormals { showFormals(lambda) }
        if let parameter = lambda.parameter {
            if lambda.hasFormals { then(.text(" @ ")) }
            then(.name(parameter))
        }
        then(": ", lambda.body)
        then(.text(")"))
    }

    private mutating func sorted(formals run: Run) -> [Formal] {
        if limit != .max { return firstByName(tree.formals, run) { $0.name } }
        let ranks = run.count > 1 ? ranks() : []
        return tree.formals[run.range].sorted { ranks[Int($0.name.rawValue)] < ranks[Int($1.name.rawValue)] }
    }

    private mutating func showFormals(_ lambda: Lambda) {
        then(.text("{ "))
        var isFirst = true
        for formal in sorted(formals: lambda.formals) {
            if !isFirst { then(.text(", ")) }
            isFirst = false
            then(.name(formal.name))
            if let value = formal.defaultValue { then(" ? ", value) }
        }
        if lambda.hasEllipsis { then(.text(isFirst ? "..." : ", ...")) }
        then(.text(" }"))
    }
}
