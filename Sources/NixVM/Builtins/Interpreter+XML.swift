import NixBytecode
import NixFormats

/// Functions in XML.
extension Interpreter {
    func writeXMLFunction(
        _ value: Value, depth: Int, into text: inout XMLText, _ meter: inout WorkMeter
    ) throws(WorkStop) {
        guard let function = try machine.nextParameter(of: value, &meter) else {
            return try text.add("<unevaluated />\n", &meter)
        }
        try text.add("<function", &meter)
        if xmlOptions.contains(.location) {
            try writePlace(function.position, into: &text, &meter)
            try writePath(function.position, into: &text, &meter)
        }
        try text.add(">\n", &meter)
        try text.indent(depth + 1, &meter)
        if let formals = function.formals {
            try text.add("<attrspat", &meter)
            if formals.hasEllipsis { try text.add(" ellipsis=\"1\"", &meter) }
            if let name = function.name { try text.attribute(" name", name, &meter) }
            try text.add(">\n", &meter)
            for formal in formals.names {
                try text.indent(depth + 2, &meter)
                try text.add("<attr", &meter)
                try text.attribute(" name", formal, &meter)
                try text.add(" />\n", &meter)
            }
            try text.indent(depth + 1, &meter)
            try text.add("</attrspat>\n", &meter)
        } else {
            try text.add("<varpat", &meter)
            if let name = function.name { try text.attribute(" name", name, &meter) }
            try text.add(" />\n", &meter)
        }
        try text.indent(depth, &meter)
        try text.add("</function>\n", &meter)
    }
}

extension Machine {
    /// What a function takes next, for printing: a name, or names of a pattern, sorted.
    struct NextParameter {
        var name: [UInt8]?
        var formals: (names: [[UInt8]], hasEllipsis: Bool)?
        var position: SourcePosition?
    }

    /// Nil for what is no function written in Nix.
    func nextParameter(of value: Value, _ meter: inout WorkMeter) throws(WorkStop) -> NextParameter? {
        guard let (loaded, applied) = writtenFunction(value) else { return nil }
        let program = programs[Int(loaded.program)]
        let chunk = program.chunk(Int(loaded.index))
        guard applied < chunk.parameters.count else { return nil }
        var parameter = NextParameter(name: chunk.parameters[applied].map { name(of: $0, in: program) })
        if applied == Int(chunk.arity) - 1, let index = chunk.formals {
            let formals = program.formals(at: Int(index))
            parameter.formals = (try names(of: formals, in: program, &meter), formals.hasEllipsis)
        }
        let span = applied < chunk.spans.count ? chunk.spans[applied] : chunk.spans.first
        parameter.position = position(in: Int(loaded.program), span: span)
        return parameter
    }

    /// The names of a pattern, sorted: a unit is charged for each, and for each comparison.
    private func names(
        of formals: Formals, in program: LoadedProgram, _ meter: inout WorkMeter
    ) throws(WorkStop) -> [[UInt8]] {
        var names: [[UInt8]] = []
        for formal in formals.formals {
            try meter.charge(1)
            names.append(name(of: formal.symbol, in: program))
        }
        do {
            try names.sort {
                try meter.charge(1)
                return $0.lexicographicallyPrecedes($1)
            }
        } catch { throw error as? WorkStop ?? .interrupted }
        return names
    }
}
