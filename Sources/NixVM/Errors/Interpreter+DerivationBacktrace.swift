import MessageText

/// Backtrace lines about the attributes of a derivation.
extension Interpreter {
    private var frame: DerivationFrame { topFrame(as: DerivationFrame.self).pointee }

    /// Notes what `derivationStrict` was doing in the frame on top.
    func noteDerivation(_ location: FrameLocation) {
        guard frame.$set.isAttributes, let name = lookup(frame.set, Symbols.name) else { return }
        if let forced = location.forced, name.pointee.bits == Value(Tag.thunk, forced).bits {
            return noteDerivationName()
        }
        guard name.pointee.isString else { return }
        if !frame.hasBegun {
            noteOption(location)
        } else if frame.index < frame.set.count {
            noteDerivationAttribute(frame.index, name.pointee)
        }
        let position = positionNumber(frame.set, Symbols.name.number).flatMap { machine.attributePosition($0) }
        machine.notes.append(
            .important(
                "while evaluating derivation '\(text(name.pointee))'\n"
                    + "  whose name attribute is located at \(position?.description ?? "«none»:0")"))
    }

    /// Notes that the name was being evaluated.
    func noteDerivationName() {
        machine.notes.append(.text("while evaluating the `name` attribute passed to builtins.derivationStrict"))
        machine.notes.append(
            .textAt(
                "while evaluating the derivation attribute 'name'",
                positionNumber(frame.set, Symbols.name.number) ?? 0))
    }

    /// Notes an attribute that decides how the others are treated, if it was being forced.
    private func noteOption(_ location: FrameLocation) {
        guard let forced = location.forced else { return }
        for known in [Symbols.structuredAttrs, .ignoreNulls]
        where lookup(frame.set, known)?.pointee.bits == Value(Tag.thunk, forced).bits {
            machine.notes.append(.text(optionText(known)))
        }
    }

    func optionText(_ known: Symbols) -> String {
        "while evaluating the `\(known.rawValue)` attribute passed to builtins.derivationStrict"
    }

    /// - Parameter index: The index of the attribute in the order of names.
    private func noteDerivationAttribute(_ index: Int, _ name: Value) {
        guard let order = knownNameOrder(of: frame.set.object) else { return }
        let entry = frame.set.entries[Int(order[index])]
        if entry.symbol == Symbols.args, machine.coerced.bits != Value.absent.bits {
            machine.notes.append(.coercionReason("while evaluating an element of the argument list"))
        }
        machine.notes.append(.position(nil))
        // As in Nix, this name is not quoted, whatever it is.
        let attribute = MessageText.shortened(state.pointee.symbols.bytes(entry.symbol))
        machine.notes.append(
            .textAt("while evaluating attribute '\(attribute)' of derivation '\(text(name))'", entry.position))
    }

    /// The beginning of a string, as a backtrace shows it.
    func text(_ string: Value) -> String {
        MessageText.shortened(string.object.byteBuffer)
    }
}
