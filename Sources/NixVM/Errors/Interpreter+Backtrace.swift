import NixBytecode

/// Where a frame was executing when a failure reached it.
struct FrameLocation {
    /// The address of the instruction, or the one after it if `isStart` is false.
    var pc: UnsafePointer<UInt8>
    var isStart: Bool
    /// The thunk that was being forced, or nil if the failure came from a call or from the instruction itself.
    var forced: Object?
}

/// The notes about the frames that a failure unwinds.
extension Interpreter {
    /// Notes what the frame on top was doing.
    func noteFrame(_ location: FrameLocation, _ tails: inout TailSiteReader) {
        guard machine.failure != nil else { return }
        defer {
            if location.pc != stepCode(.coerce), location.pc != stepCode(.apply) { machine.coerced = .absent }
        }
        if let index = stepIndex(location.pc) {
            noteBuiltinFrame(index, location)
        } else if location.pc == returnCode {
            noteResult(location)
        } else if state.pointee.registers.env != state.pointee.machineEnv {
            noteCode(location)
        }
        noteTailCalls(&tails)
    }

    private func note(_ note: BacktraceNote) { machine.notes.append(note) }

    private func noteCode(_ location: FrameLocation) {
        let chunk = state.pointee.registers.env.field
        guard state.pointee.chunks[chunk].program != .max else {
            return note(.application(function: functionChunk(state.pointee.registers.env.values[0])))
        }
        var phase = CodeFrame.Phase.own
        var opcode = Opcode.pop
        if location.isStart {
            opcode = UnsafeRawPointer(location.pc).load(as: Opcode.self)
            if let (index, arguments) = builtinAtWork(location.pc) { noteBuiltin(index, arguments, location.forced) }
        }
        if location.forced != nil { phase = location.isStart ? .operand : .attribute }
        if phase == .operand, opcode == .selectDynamic || opcode == .selectOrDynamic,
            !isOperand(location.forced)
        {
            phase = .attribute
        }
        note(
            .code(
                chunk: UInt32(chunk), offset: UInt32(location.pc - state.pointee.chunks[chunk].code),
                isStart: location.isStart,
                operand: machine.failedOperand, phase: phase, selection: selection(location, phase),
                forced: location.forced.map { UInt32($0.field) } ?? 0))
        machine.failedOperand = -1
        if state.pointee.chunks[chunk].arity > 0 {
            note(.function(chunk: UInt32(chunk), isEntered: opcode != .unpackFormals))
        }
    }

    /// Whether the thunk is one of the two values at the top of the stack.
    private func isOperand(_ forced: Object?) -> Bool {
        guard let forced, sp - 2 >= bp else { return false }
        let bits = Value(Tag.thunk, forced).bits
        return sp[-1].bits == bits || sp[-2].bits == bits
    }

    /// Notes the tail calls that led to the code of this frame, and the application that they are for.
    private func noteTailCalls(_ tails: inout TailSiteReader) {
        guard state.pointee.registers.fp > state.pointee.framesBase else { return }
        let frame = state.pointee.registers.fp - 1
        guard frame.pointee.update & FrameMode.tailCalled != 0 else { return }
        for site in tails.sites(of: frame, state.pointee.tailSites) { note(.site(site)) }
        if let thunk = Object(bitPattern: frame.pointee.update & ~7), isApplication(thunk.field) {
            note(.application(function: functionChunk(thunk.values[0])))
        }
    }

    func isApplication(_ chunk: Int) -> Bool {
        chunk == state.pointee.applyOneChunk || chunk == state.pointee.applyTwoChunk
            || chunk == state.pointee.applyMappedChunk
    }

    /// The chunk of the closure behind a value, or 0 if there is none.
    func functionChunk(_ value: Value) -> UInt32 {
        var value = value
        while true {
            if value.isThunk, value.object.kind == Kind.indirection {
                value = Value(bits: value.object[1])
            } else if value.tag == Tag.function, value.object.kind == Kind.partial {
                value = value.object.values[0]
            } else {
                return value.tag == Tag.function ? UInt32(value.object.field) : 0
            }
        }
    }

    /// The builtin that a call instruction runs without a frame, and its arguments.
    private func builtinAtWork(_ pc: UnsafePointer<UInt8>) -> (index: Int, arguments: Slot)? {
        let opcode = UnsafeRawPointer(pc).load(as: Opcode.self)
        guard opcode == .call || opcode == .tailCall else { return nil }
        var next = pc + 1
        let count = operand(&next)
        let function = sp - (count &+ 1)
        guard function >= bp, function.pointee.isBuiltin,
            state.pointee.builtins[function.pointee.builtinIndex].arity == count
        else { return nil }
        return (function.pointee.builtinIndex, function + 1)
    }

    /// The builtin that is running, or nil.
    func runningBuiltin() -> (index: Int, arguments: Slot)? {
        if let index = stepIndex(state.pointee.instruction) {
            return index >= InternalStep.count ? (index, bp) : nil
        }
        if state.pointee.registers.env == state.pointee.machineEnv { return nil }
        return builtinAtWork(state.pointee.instruction)
    }

    /// Notes a builtin, after the context of the argument that was being forced.
    private func noteBuiltin(_ index: Int, _ arguments: Slot, _ forced: Object?) {
        if let forced {
            let context = context(of: Value(Tag.thunk, forced), index, arguments)
            if let context, context.isAlwaysSaid { note(.text(context.text)) }
        } else if machine.coerced.bits != Value.absent.bits,
            let context = context(of: machine.coerced, index, arguments, isCoerced: true)
        {
            note(.coercionReason(context.text))
        }
        note(.builtin(Int32(index)))
    }

    /// The text about a value that a builtin evaluates, which is an argument or something inside one.
    ///
    /// - Parameter isCoerced: Whether the value is coerced to a string. An argument that must have a certain type is
    ///   not.
    func context(
        of value: Value, _ index: Int, _ arguments: Slot, isCoerced: Bool = false
    ) -> BuiltinContext? {
        guard let builtin = BuiltinTable.builtin(index) else { return nil }
        for argument in builtin.arguments.indices where arguments[argument].bits == value.bits {
            guard let context = builtin.context(ofArgument: argument) else { continue }
            if !(isCoerced && context.isAlwaysSaid) { return context }
        }
        return builtin.inner
    }

    private func noteBuiltinFrame(_ index: Int, _ location: FrameLocation) {
        let hook = BuiltinTable.backtrace(index)
        if let write = hook.frame, write(self, location) {
            if hook.namesCall { note(.builtin(Int32(index))) }
        } else {
            noteBuiltin(index, bp, location.forced)
        }
    }

    /// A builtin whose result is being forced.
    private func noteResult(_ location: FrameLocation) {
        guard sp > bp, bp.pointee.isBuiltin else { return }
        let index = bp.pointee.builtinIndex
        let hook = BuiltinTable.backtrace(index)
        if let write = hook.result, let forced = location.forced { write(self, forced) }
        if hook.namesCall { note(.builtin(Int32(index))) }
    }

    /// The file whose top level a thunk is.
    func noteFile(of thunk: Object) { note(.file(chunk: UInt32(thunk.field))) }

    /// Which operand of a `+` is being coerced: the cursor of the coercion says so.
    func noteFailedOperand() -> Bool {
        machine.failedOperand = topFrame(as: AddFrame.self).pointee.side == 0 ? 0 : 1
        return true
    }

    /// Notes a line for each list or set that is being walked, the innermost first.
    func noteDeepForce() -> Bool {
        let count = (sp - above(DeepForceFrame.self)) / DeepForceItem.count
        let taken = machine.notes.indicesToKeep(of: count)
        for index in taken.first { noteDeepItem(index) }
        machine.notes.skip(taken.last.lowerBound - taken.first.upperBound)
        for index in taken.last { noteDeepItem(index) }
        return true
    }

    /// - Parameter number: The number of the item, counted from the innermost.
    private func noteDeepItem(_ number: Int) {
        let item = (sp - DeepForceItem.count * (number + 1)).words(as: DeepForceItem.self).pointee
        guard item.$index.isSmall, item.index > 0 else { return }
        var index = item.index - 1
        if item.value.isAttributes, let order = knownNameOrder(of: item.value.object) { index = Int(order[index]) }
        noteElement(item.value, index, around: 0, isJSON: false)
    }

    private func noteElement(_ container: Value, _ index: Int, around: UInt32, isJSON: Bool) {
        if container.isList { return note(.element(index: index, position: around, isJSON: isJSON)) }
        guard container.isAttributes, container.object.isFlat, index < container.object.field else { return }
        let entry = container.object.layout.entries[index]
        note(
            .attribute(
                symbol: entry.symbol, position: attributePosition(container.object, index), isJSON: isJSON))
    }

    /// The position number of an attribute. The results of `mapAttrs` share a layout with its argument, but have no
    /// position.
    private func attributePosition(_ set: Object, _ index: Int) -> UInt32 {
        let position = set.layout.entries[index].position
        let value = set.attributeValues[index]
        if value.isThunk, value.object.field == state.pointee.applyMappedChunk {
            note(.noApplicationPosition)
            return 0
        }
        return position
    }

    /// Notes a functor that was being forced.
    func noteFunctor(_ location: FrameLocation) -> Bool {
        guard location.forced != nil, bp.pointee.isAttributes,
            let number = positionNumber(bp.pointee.object, Symbols.functor.number)
        else { return true }
        note(.functor(number))
        return true
    }

    /// A set that another value stands for.
    private func noteSubstitution(_ cursor: Cursor) {
        let substitution = cursor.pointee.index
        let symbol = substitution == Substitution.output ? Symbols.outPath.number : Symbols.toString.number
        let number = positionNumber(cursor.pointee.container.object, symbol) ?? 0
        guard substitution == Substitution.output else {
            let verb = substitution == Substitution.call ? "calling the" : "using the result of the"
            return note(.substitution("while \(verb) `__toString` attribute", number))
        }
        let next = UnsafeMutableRawPointer(cursor + 1).assumingMemoryBound(to: Value.self)
        let isOpen = next < sp && next.pointee.isThunk && next.pointee.object.kind != Kind.indirection
        note(.substitution("while \(isOpen ? "evaluating" : "using") the `outPath` attribute", number))
    }

    private typealias Cursor = UnsafeMutablePointer<ContainerCursor>

    /// Notes the lists, sets and substitutes for sets that `toJSON` is inside of, the innermost first.
    func noteJSON() -> Bool {
        let cursors = jsonCursors()
        let taken = machine.notes.indicesToKeep(of: cursors)
        let isTaken = { (outerIndex: Int) in
            taken.first.contains(cursors - 1 - outerIndex) || taken.last.contains(cursors - 1 - outerIndex)
        }
        var found: [JSONPlace] = []
        var around: UInt32 = 0
        var outerIndex = 0
        eachJSONCursor { cursor in
            var location = JSONPlace(cursor: cursor, around: around)
            let container = cursor.pointee.container
            location.index = cursor.pointee.index - 1
            if location.index >= 0, container.isAttributes, let order = knownNameOrder(of: container.object) {
                location.index = Int(order[location.index])
                around = container.attributes.entries[location.index].position
                if isTaken(outerIndex) { around = attributePosition(container.object, location.index) }
            }
            if isTaken(outerIndex) { found.append(location) }
            outerIndex += 1
        }
        for (index, location) in found.reversed().enumerated() {
            if index == taken.first.count { machine.notes.skip(cursors - found.count) }
            if location.cursor.pointee.index < 0 {
                noteSubstitution(location.cursor)
            } else {
                noteElement(location.cursor.pointee.container, location.index, around: location.around, isJSON: true)
            }
        }
        return true
    }

    /// A cursor of `toJSON` with the element that it stands at, and the position of the attribute around it.
    private struct JSONPlace {
        let cursor: Cursor
        var index = 0
        let around: UInt32
    }

    /// The number of cursors of `toJSON`.
    private func jsonCursors() -> Int {
        var count = 0
        eachJSONCursor { _ in count += 1 }
        return count
    }

    /// Visits the cursors of `toJSON` that have begun, the outermost first.
    private func eachJSONCursor(_ visit: (Cursor) -> Void) {
        var slot = above(JSONFrame.self)
        while slot + 2 < sp {
            let cursor = slot.words(as: ContainerCursor.self)
            guard slot.pointee.bits == Value.absent.bits, slot[2].isSmall, cursor.pointee.index != 0 else {
                slot += 1
                continue
            }
            visit(cursor)
            slot += ContainerCursor.count
        }
    }

    /// Notes the elements of lists and the substitutes for sets that a coercion is inside of, the innermost first. The
    /// next frame knows the reason for the coercion; it belongs to the outermost list, or to a value that is not inside
    /// a list.
    func noteCoercion() -> Bool {
        var count = 0
        var lists = 0
        let cursors = above(CoercionFrame.self).words(as: ContainerCursor.self)
        let room = (sp - above(CoercionFrame.self)) / ContainerCursor.count
        while count < room, cursors[count].marker.bits == Value.absent.bits {
            if cursors[count].index >= 0 { lists += 1 }
            count += 1
        }
        func noteReason() {
            if lists > 0 { return note(.here("while evaluating one element of the list")) }
            machine.coerced = topFrame(as: CoercionFrame.self).pointee.value
            note(.coercion)
        }
        if machine.failure?.isCoercion == true, machine.notes.first.isEmpty { noteReason() }
        let taken = machine.notes.indicesToKeep(of: count)
        for index in 0..<count {
            let cursor = cursors + (count - 1 - index)
            let isList = cursor.pointee.index >= 0
            if isList { lists -= 1 }
            guard taken.first.contains(index) || taken.last.contains(index) else {
                machine.notes.skip(1)
                continue
            }
            if isList { noteReason() } else { noteSubstitution(cursor) }
        }
        return true
    }
}
