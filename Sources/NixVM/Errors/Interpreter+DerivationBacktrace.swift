import MessageText

/// What a backtrace says about the attributes of a derivation.
extension Interpreter {
    private var frame: DerivationFrame { topFrame(as: DerivationFrame.self).pointee }

    /// What `derivationStrict` was doing, in the frame on top.
    func noteDerivation(_ place: FramePlace) {
        guard frame.$set.isAttributes, let name = lookup(frame.set, Symbols.name) else { return }
        if let forced = place.forced, name.pointee.bits == Value(Tag.thunk, forced).bits { return noteDerivationName() }
        guard name.pointee.isString else { return }
        if !frame.hasBegun {
            noteOption(place)
        } else if frame.index < frame.set.count {
            noteDerivationAttribute(frame.index, name.pointee)
        }
        let position = positionNumber(frame.set, Symbols.name).flatMap { machine.attributePosition($0) }
        machine.notes.append(
            .important(
                "while evaluating derivation '\(text(name.pointee))'\n"
                    + "  whose name attribute is located at \(position?.description ?? "«none»:0")"))
    }

    /// The name itself.
    func noteDerivationName() {
        machine.notes.append(.text("while evaluating the `name` attribute passed to builtins.derivationStrict"))
        machine.notes.append(
            .textAt(
                "while evaluating the derivation attribute 'name'",
                positionNumber(frame.set, Symbols.name) ?? 0))
    }

    /// One of the attributes that decide how the others are treated, while it was forced.
    private func noteOption(_ place: FramePlace) {
        guard let forced = place.forced else { return }
        for symbol in [Symbols.structuredAttrs, Symbols.ignoreNulls]
        where lookup(frame.set, symbol)?.pointee.bits == Value(Tag.thunk, forced).bits {
            machine.notes.append(.text(optionText(symbol)))
        }
    }

    func optionText(_ symbol: UInt32) -> String {
        "while evaluating the `\(quoted(symbol))` attribute passed to builtins.derivationStrict"
    }

    /// - Parameter index: of the attribute in the order of names.
    private func noteDerivationAttribute(_ index: Int, _ name: Value) {
        guard let order = knownNameOrder(frame.set.layout) else { return }
        let entry = frame.set.entries[Int(order[index])]
        if entry.symbol == Symbols.args, machine.coerced.bits != Value.absent.bits {
            machine.notes.append(.coercionReason("while evaluating an element of the argument list"))
        }
        machine.notes.append(.place(nil))
        machine.notes.append(
            .textAt(
                "while evaluating attribute '\(quoted(entry.symbol))' of derivation '\(text(name))'",
                entry.position))
    }

    /// The beginning of a string, as a backtrace shows it.
    func text(_ string: Value) -> String {
        MessageText.shortened(string.object.byteBuffer)
    }
}
