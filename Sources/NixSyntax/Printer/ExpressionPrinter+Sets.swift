/// Sets, functions and selections. Nix sorts attributes and formals by name.
extension ExpressionPrinter {
    mutating func showSet(_ bindings: BindingsID, recursive: Bool) {
        emit(.text(recursive ? "rec { " : "{ "))
        showBindings(bindings)
        emit(.text("}"))
    }

    /// Prints bindings in Nix's order: first `inherit`, then `inherit (e)` by source, then the attributes by name, then
    /// dynamic attributes in source order.
    mutating func showBindings(_ id: BindingsID) {
        let bindings = tree.bindings[Int(id.rawValue)]
        let attributes = sorted(bindings.attributes)
        showInherited(attributes)
        showInheritedFrom(attributes, bindings)
        for attribute in attributes {
            guard case .expression(let value) = attribute.value else { continue }
            emit(.name(attribute.name))
            emit(" = ", value)
            emit(.text("; "))
        }
        for index in visible(bindings.dynamicAttributes.range) {
            emit("\"${", tree.dynamicAttributes[index].name)
            emit("}\" = ", tree.dynamicAttributes[index].value)
            emit(.text("; "))
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
            emit(.text(isFirst ? "inherit " : " "))
            emit(.name(attribute.name))
            isFirst = false
        }
        if !isFirst { emit(.text("; ")) }
    }

    private mutating func showInheritedFrom(_ attributes: [Attribute], _ bindings: Bindings) {
        guard bindings.inheritSources.count > 0 else { return }
        var names: [UInt32: [SymbolID]] = [:]
        for attribute in attributes {
            if case .inheritedFrom(let source) = attribute.value { names[source, default: []].append(attribute.name) }
        }
        for (source, names) in names.sorted(by: { $0.key < $1.key }) {
            emit("inherit (", tree.children[Int(bindings.inheritSources.start + source)])
            emit(.text(")"))
            for name in names {
                emit(.text(" "))
                emit(.name(name))
            }
            emit(.text("; "))
        }
    }

    mutating func showSelect(_ base: NodeID, _ path: Run, _ fallback: NodeID?) {
        emit("(", base)
        emit(.text(")."))
        showPath(path)
        guard let fallback else { return }
        emit(" or (", fallback)
        emit(.text(")"))
    }

    mutating func showPath(_ path: Run) {
        for index in visible(path.range) {
            if index > Int(path.start) { emit(.text(".")) }
            switch tree.attributeNames[index] {
            case .fixed(let name, _): emit(.name(name))
            case .dynamic(let node, _):
                emit("\"${", node)
                emit(.text("}\""))
            }
        }
    }

    mutating func showLambda(_ lambda: Lambda) {
        emit(.text("("))
        if lambda.hasFormals { showFormals(lambda) }
        if let parameter = lambda.parameter {
            if lambda.hasFormals { emit(.text(" @ ")) }
            emit(.name(parameter))
        }
        emit(": ", lambda.body)
        emit(.text(")"))
    }

    private mutating func sorted(formals run: Run) -> [Formal] {
        if limit != .max { return firstByName(tree.formals, run) { $0.name } }
        let ranks = run.count > 1 ? ranks() : []
        return tree.formals[run.range].sorted { ranks[Int($0.name.rawValue)] < ranks[Int($1.name.rawValue)] }
    }

    private mutating func showFormals(_ lambda: Lambda) {
        emit(.text("{ "))
        var isFirst = true
        for formal in sorted(formals: lambda.formals) {
            if !isFirst { emit(.text(", ")) }
            isFirst = false
            emit(.name(formal.name))
            if let value = formal.defaultValue { emit(" ? ", value) }
        }
        if lambda.hasEllipsis { emit(.text(isFirst ? "..." : ", ...")) }
        emit(.text(" }"))
    }
}
