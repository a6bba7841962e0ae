/// The texts of a failed `assert a == b`, which say where the values differ, in the words of Nix.
extension Interpreter {
    /// Fails because two values differ.
    ///
    /// - Parameter item: The two values, in a frame that compares deeply. The items below it are the enclosing
    ///   containers.
    func failDifferent(_ item: UnsafeMutablePointer<EqualityItem>) -> Step {
        let step = fail(.assertion, difference(item.pointee.left, item.pointee.right))
        machine.failedOperand = CodeFrame.differs
        let items = above(EqualityFrame.self).words(as: EqualityItem.self)
        var around = item - 1
        while around >= items {
            noteDifference(in: around.pointee)
            around -= 1
        }
        return step
    }

    private func difference(_ a: Value, _ b: Value) -> String {
        if a.isInteger || a.isFloat, b.isInteger || b.isFloat {
            return "\(typeName(a)) with value '\(shown(a))' is not equal to \(typeName(b)) with value '\(shown(b))'"
        }
        if !isSameType(a, b) {
            return "\(typeName(a)) of value '\(shown(a))' is not equal to \(typeName(b)) of value '\(shown(b))'"
        }
        if a.isBool { return "boolean '\(shown(a))' is not equal to boolean '\(shown(b))'" }
        if a.isString { return "string '\(shown(a))' is not equal to string '\(shown(b))'" }
        if a.isPath { return "path '\(shown(a))' is not equal to path '\(shown(b))'" }
        if a.isList {
            return "list of size '\(a.object.field)' is not equal to list of size '\(b.object.field)', "
                + "left hand side is '\(shown(a))', right hand side is '\(shown(b))'"
        }
        if a.isAttributes { return differentNames(a, b) }
        return "distinct functions and immediate comparisons of identical functions compare as unequal"
    }

    /// Whether two values other than numbers have the same type, by the rules of `typeOf`.
    func isSameType(_ a: Value, _ b: Value) -> Bool {
        if a.isFunction || b.isFunction { return a.isFunction && b.isFunction }
        if a.tag != b.tag { return false }
        if a.tag == Tag.immediate { return a.isNull == b.isNull }
        return a.tag != Tag.other || a.object.kind == b.object.kind
    }

    private func differentNames(_ a: Value, _ b: Value) -> String {
        if a.object.field == b.object.field {
            for (first, second) in zip(sortedNames(a), sortedNames(b)) where first != second {
                if lookup(b.object, first) == nil {
                    return "attribute name '\(quoted(first))' is contained in '\(shown(a))', "
                        + "but not in '\(shown(b))'"
                }
                return "attribute name '\(quoted(second))' is missing in '\(shown(a))', "
                    + "but is contained in '\(shown(b))'"
            }
        }
        return "attribute names of attribute set '\(shown(a))' differs from attribute set '\(shown(b))'"
    }

    /// The symbols of a set's attributes in the order of their names.
    private func sortedNames(_ set: Value) -> [UInt32] {
        slots(of: set.object).map { $0.entry.symbol }.sorted { state.pointee.symbols.precedes($0, $1) }
    }

    /// Notes which part of a container differs.
    private func noteDifference(in item: EqualityItem) {
        if item.index == EqualityItem.comparedByOutput {
            return machine.notes.append(.here("while comparing a derivation by its 'outPath' attribute"))
        }
        let index = item.index - 1
        if item.left.isList { return machine.notes.append(.here("while comparing list element \(index)")) }
        let left = item.left.object.layout
        let entry = nameOrder(left).map { Int($0[index]) } ?? index
        let (name, position) = (left.entries[entry].symbol, left.entries[entry].position)
        let right = item.right.object.layout.entries[entry].position
        if right > 0 { machine.notes.append(.textAt("where right hand side is", right)) }
        if position > 0 { machine.notes.append(.textAt("where left hand side is", position)) }
        machine.notes.append(.here("while comparing attribute '\(quoted(name))'"))
    }
}
