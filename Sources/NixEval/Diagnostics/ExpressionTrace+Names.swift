import MessageText
import NixBytecode
import NixSyntax
import NixVM

/// The names and definitions of selected attributes, and expressions as text.
extension ExpressionTrace {
    /// The definition of the attribute that a selection reached. If the machine does not know it, it is the attribute
    /// whose value is the failed thunk, provided that it is in the same source.
    func definition(_ frame: CodeFrame) -> SourcePosition? {
        switch frame.definition {
        case .at(let position): return position.source == NixSources.derivationName ? nil : position
        case .nowhere: return nil
        case .unknown: break
        }
        guard frame.phase == .attribute, let forced = frame.forced, let span = forced.span,
            forced.source == position(0).source, forced.source != NixSources.derivationName
        else { return nil }
        return parents.definition(ofValue: Span(start: span.start, end: span.end)).map { position($0.span.start) }
    }

    /// The index of the name that an instruction looks up.
    func step(_ path: Run, _ frame: CodeFrame) -> Int {
        guard frame.opcode.traits.contains(.computedName), let span = frame.position.span else { return frame.step }
        return path.range.firstIndex { index in
            guard case .dynamic(let name, _) = tree.attributeNames[index] else { return false }
            return tree.span(of: name) == Span(start: span.start, end: span.end)
        }.map { $0 - path.range.lowerBound } ?? frame.step
    }

    /// The names of an attribute path, where a computed name is replaced by its value if that is known.
    func names(_ path: Run, _ frame: CodeFrame) -> [String] {
        var names = names(path)
        let step = step(path, frame)
        if let name = frame.name, names.indices.contains(step) { names[step] = name }
        return names
    }

    /// The first names of an attribute path, at most `longestPath`.
    func names(_ path: Run) -> [String] {
        path.range.prefix(Self.longestPath).map { index in
            switch tree.attributeNames[index] {
            case .fixed(let symbol, _):
                var name: [UInt8] = []
                NixText.appendName(tree.bytes(of: symbol), to: &name)
                return MessageText.shortened(name)
            case .dynamic(let name, _):
                return "\"${\(printed(name))}\""
            }
        }
    }

    /// An expression as Nix prints it.
    func printed(_ node: NodeID) -> String {
        String(
            decoding: tree.printed(
                node, limit: Self.longestText, baseDirectory: baseDirectory, homeDirectory: homeDirectory),
            as: UTF8.self)
    }

    /// The most names of an attribute path in a message.
    fileprivate static let longestPath = 64

    /// The most bytes of an expression in a message. It is more than the text of an assertion in a program, so that a
    /// condition that was cut there can be told from one that fits.
    fileprivate static let longestText = 4096
}
