import NixBytecode

/// Where a frame stands when a failure reaches it.
struct FramePlace {
    /// The instruction, or the address behind it.
    var pc: UnsafePointer<UInt8>
    var isStart: Bool
    /// The thunk that was being forced; nil when the failure came from a call or from here.
    var forced: Object?
}

/// Notes about the frames that a failure leaves.
extension Interpreter {
    /// Writes down what the frame on top was doing.
    func noteFrame(_ place: FramePlace, _ tails: inout TailSiteReader) {
        guard machine.failure != nil else { return }
        defer {
            if place.pc != stepCode(.coerce), place.pc != stepCode(.apply) { machine.coerced = .absent }
        }
        if let index = stepIndex(place.pc) {
            noteBuiltinFrame(index, place)
        } else if place.pc == returnCode {
            noteResult(place)
        } else if state.pointee.r.env != state.pointee.machineEnv {
            noteCode(place)
        }
        noteTailCalls(&tails)
    }

    private func note(_ note: BacktraceNote) { machine.notes.append(note) }

    private func noteCode(_ place: FramePlace) {
        let chunk = state.pointee.r.env.field
        guard state.pointee.chunks[chunk].program != .max else {
            return note(.application(function: functionChunk(state.pointee.r.env.values[0])))
        }
        var phase = CodeFrame.Phase.own
        var opcode = Opcode.pop
        if place.isStart {
            opcode = UnsafeRawPointer(place.pc).load(as: Opcode.self)
            if let (index, arguments) = builtinAtWork(place.pc) { noteBuiltin(index, arguments, place.forced) }
        }
        if place.forced != nil { phase = place.isStart ? .operand : .attribute }
        if phase == .operand, opcode == .selectDynamic || opcode == .selectOrDynamic,
            !isOperand(place.forced)
        {
            phase = .attribute
        }
        note(
            .code(
                chunk: UInt32(chunk), offset: UInt32(place.pc - state.pointee.chunks[chunk].code),
                isStart: place.isStart,
                operand: machine.failedOperand, phase: phase, selection: selection(place, phase),
                forced: place.forced.map { UInt32($0.field) } ?? 0))
        machine.failedOperand = -1
        if state.pointee.chunks[chunk].arity > 0 {
            note(.function(chunk: UInt32(chunk), isEntered: opcode != .unpackFormals))
        }
    }

    /// Whether the thunk is one of the two values at the top.
    private func isOperand(_ forced: Object?) -> Bool {
        guard let forced, sp - 2 >= bp else { return false }
        let bits = Value(Tag.thunk, forced).bits
        return sp[-1].bits == bits || sp[-2].bits == bits
    }

    /// The tail calls that led to the code of this frame, and the thunk that it all is for.
    private func noteTailCalls(_ tails: inout TailSiteReader) {
        guard state.pointee.r.fp > state.pointee.framesBase else { return }
        let frame = state.pointee.r.fp - 1
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

    /// The chunk of the closure behind a value; 0 for what is none.
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

    /// The builtin that a code's call instruction runs without a frame, and its arguments.
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

    /// The builtin that is running, if one is.
    func runningBuiltin() -> (index: Int, arguments: Slot)? {
        if let index = stepIndex(state.pointee.instruction) {
            return index >= InternalStep.count ? (index, bp) : nil
        }
        if state.pointee.r.env == state.pointee.machineEnv { return nil }
        return builtinAtWork(state.pointee.instruction)
    }

    /// A builtin, after the context of the argument that was being forced.
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

    /// What is to be said about a value that a builtin evaluates: an argument, or something inside one.
    ///
    /// - Parameter isCoerced: whether it is coerced to a string: no argument that must be of one type is.
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

    private func noteBuiltinFrame(_ index: Int, _ place: FramePlace) {
        let hook = BuiltinTable.backtrace(index)
        if let write = hook.frame, write(self, place) {
            if hook.namesCall { note(.builtin(Int32(index))) }
        } else {
            noteBuiltin(index, bp, place.forced)
        }
    }

    /// A builtin whose result is being forced.
    private func noteResult(_ place: FramePlace) {
        guard sp > bp, bp.pointee.isBuiltin else { return }
        let index = bp.pointee.builtinIndex
        let hook = BuiltinTable.backtrace(index)
        if let write = hook.result, let forced = place.forced { write(self, forced) }
        if hook.namesCall { note(.builtin(Int32(index))) }
    }

    /// The file whose top level a thunk is.
    func noteFile(of thunk: Object) { note(.file(chunk: UInt32(thunk.field))) }

    /// Which operand of a `+` is being coerced: the cursor of the coercion says so.
    func noteFailedOperand() -> Bool {
        machine.failedOperand = bp[3].isNull || bp[3].small & 3 == 0 ? 0 : 1
        return true
    }

    /// One line for each list or set that is being walked, the innermost first.
    func noteDeepForce() -> Bool {
        let count = (sp - (bp + 3)) / 2
        let taken = machine.notes.worthTaking(of: count)
        for item in taken.first { noteDeepItem(sp - 2 * (item + 1)) }
        machine.notes.skip(taken.last.lowerBound - taken.first.upperBound)
        for item in taken.last { noteDeepItem(sp - 2 * (item + 1)) }
        return true
    }

    private func noteDeepItem(_ item: Slot) {
        guard item[1].isSmall, item[1].small > 0 else { return }
        var index = item[1].small - 1
        if item.pointee.isAttributes, let order = knownNameOrder(item.pointee.object.layout) {
            index = Int(order[index])
        }
        noteElement(item.pointee, index, around: 0, isJSON: false)
    }

    private func noteElement(_ container: Value, _ index: Int, around: UInt32, isJSON: Bool) {
        if container.isList { return note(.element(index: index, position: around, isJSON: isJSON)) }
        guard container.isAttributes, index < container.object.field else { return }
        let entry = container.object.layout.entries[index]
        note(
            .attribute(
                symbol: entry.symbol, position: attributePosition(container.object, index), isJSON: isJSON))
    }

    /// The position number of an attribute. The results of `mapAttrs` share a layout with its argument, but have none.
    private func attributePosition(_ set: Object, _ index: Int) -> UInt32 {
        let position = set.layout.entries[index].position
        let value = set.attributeValues[index]
        if value.isThunk, value.object.field == state.pointee.applyMappedChunk {
            note(.noApplicationPosition)
            return 0
        }
        return position
    }

    /// A functor that was needed, but not evaluated.
    func noteFunctor(_ place: FramePlace) -> Bool {
        guard place.forced != nil, bp.pointee.isAttributes,
            let number = positionNumber(bp.pointee.object, Symbols.functor)
        else { return true }
        note(.functor(number))
        return true
    }

    /// A set that another value stands for.
    private func noteSubstitution(_ cursor: Cursor) {
        let substitution = cursor.pointee.index
        let symbol = substitution == Substitution.output ? Symbols.outPath : Symbols.toString
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

    /// Lists, sets and values that stand for sets on the way of `toJSON`, the innermost first.
    func noteJSON() -> Bool {
        let cursors = jsonCursors()
        let taken = machine.notes.worthTaking(of: cursors)
        let isTaken = { (outerIndex: Int) in
            taken.first.contains(cursors - 1 - outerIndex) || taken.last.contains(cursors - 1 - outerIndex)
        }
        var found: [JSONPlace] = []
        var around: UInt32 = 0
        var outerIndex = 0
        eachJSONCursor { cursor in
            var place = JSONPlace(cursor: cursor, around: around)
            let container = cursor.pointee.container
            place.index = cursor.pointee.index - 1
            if place.index >= 0, container.isAttributes, let order = knownNameOrder(container.attributes.layout) {
                place.index = Int(order[place.index])
                around = container.attributes.entries[place.index].position
                if isTaken(outerIndex) { around = attributePosition(container.object, place.index) }
            }
            if isTaken(outerIndex) { found.append(place) }
            outerIndex += 1
        }
        for (index, place) in found.reversed().enumerated() {
            if index == taken.first.count { machine.notes.skip(cursors - found.count) }
            if place.cursor.pointee.index < 0 {
                noteSubstitution(place.cursor)
            } else {
                noteElement(place.cursor.pointee.container, place.index, around: place.around, isJSON: true)
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

    /// How many cursors `toJSON` has.
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

    /// Elements of lists and sets that other values stand for, the innermost first. The reason for the coercion, which
    /// the next frame knows, is said of the outermost list, or of what is no string.
    func noteCoercion() -> Bool {
        var count = 0
        var lists = 0
        while bp + 6 + 3 * count + 2 < sp, bp[6 + 3 * count].bits == Value.absent.bits {
            if bp[6 + 3 * count + 2].small >= 0 { lists += 1 }
            count += 1
        }
        func noteReason() {
            if lists > 0 { return note(.here("while evaluating one element of the list")) }
            machine.coerced = bp[0]
            note(.coercion)
        }
        if machine.failure?.isCoercion == true, machine.notes.first.isEmpty { noteReason() }
        let taken = machine.notes.worthTaking(of: count)
        for index in 0..<count {
            let cursor = bp + 6 + 3 * (count - 1 - index)
            let isList = cursor[2].small >= 0
            if isList { lists -= 1 }
            guard taken.first.contains(index) || taken.last.contains(index) else {
                machine.notes.skip(1)
                continue
            }
            if isList { noteReason() } else { noteSubstitution(cursor.words(as: ContainerCursor.self)) }
        }
        return true
    }
}
