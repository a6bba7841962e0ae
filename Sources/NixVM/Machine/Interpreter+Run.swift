import NixBytecode

/// Why the loop ended.
enum RunExit {
    /// The value is in `result`.
    case finished
    /// The machine's `failure` is set and nothing caught it.
    case failed
    /// The machine's `request` is set. `run` continues once it is answered.
    case suspended
}

extension Interpreter {
    /// Runs from the stored registers until the bottom frame returns, a failure is not caught, or the host is needed.
    ///
    /// The registers are the local `r`, so that the compiler can keep them in the processor's. The switch only
    /// dispatches: an instruction that is not short is a function of its own, which works on the stored registers and
    /// answers with a `Step`. The code after the switch enters thunks and carries out steps.
    @inline(never)
    func run<Observer: LoopObserver>(_ observer: inout Observer) -> RunExit {
        let state = self.state
        let chunks = state.pointee.chunks
        var r = state.pointee.registers
        dispatch: while true {
            let start = r.pc
            if observer.findsFault(self, r) { return .failed }
            observer.executeOp(self, r)
            let opcode = UnsafeRawPointer(r.pc).load(as: Opcode.self)
            r.pc += 1
            /// The thunk to force. If it is nil, `step` is carried out.
            var target: Object?
            /// The slot that the forced value goes to.
            var base = r.sp
            var mode = FrameMode.updateAndPush
            var step = Step.next
            execute: switch opcode {
            case .constant:
                let index = operand(&r.pc)
                r.push(r.tables.pointee.constants[index])
                continue dispatch
            case .integer:
                r.push(Value(small: signedOperand(&r.pc)))
                continue dispatch
            case .null:
                r.push(.null)
                continue dispatch
            case .true:
                r.push(.true)
                continue dispatch
            case .false:
                r.push(.false)
                continue dispatch
            case .pop:
                r.sp -= 1
                continue dispatch
            case .closeScope:
                let count = operand(&r.pc)
                let result = (r.sp - 1).pointee
                r.sp -= count
                (r.sp - 1).pointee = result
                continue dispatch
            case .getLocal:
                let slot = operand(&r.pc)
                r.push(r.bp[slot])
                continue dispatch
            case .getLocalForce:
                let slot = r.bp + operand(&r.pc)
                let value = slot.pointee
                if _fastPath(!value.isThunk) {
                    r.push(value)
                    continue dispatch
                }
                let object = value.object
                if object.kind == Kind.indirection {
                    slot.pointee = Value(bits: object[1])
                    r.push(slot.pointee)
                    continue dispatch
                }
                target = object
            case .getUpvalue:
                let index = operand(&r.pc)
                r.push(r.env.values[index])
                continue dispatch
            case .getUpvalueForce:
                let slot = r.env.values + operand(&r.pc)
                if let value = forcedValue(in: slot) {
                    r.push(value)
                    continue dispatch
                }
                target = slot.pointee.object
            case .force:
                let value = (r.sp - 1).pointee
                if !value.isThunk { continue dispatch }
                let object = value.object
                if object.kind == Kind.indirection {
                    (r.sp - 1).pointee = Value(bits: object[1])
                    continue dispatch
                }
                base = r.sp - 1
                target = object
            case .closure, .thunk:
                let chunk = operand(&r.pc) &+ r.tables.pointee.firstChunk
                let packed = operand(&r.pc)
                let count = packed &>> 1 &+ packed & 1
                let isThunk = opcode == .thunk
                let bytes = isThunk ? Size.thunk(count) : Size.words(1 &+ count)
                guard let object = allocate(bytes, &r) else {
                    step = .collect
                    break execute
                }
                object[0] = Object.header(isThunk ? Kind.thunk : Kind.closure, count: count, field: chunk)
                var index = 1
                while index <= count {
                    let position = operand(&r.pc)
                    if position & 3 == 0 {
                        object[index] = r.bp[position &>> 2].bits
                    } else if position & 3 == 2 {
                        object[index] = r.env[1 &+ position &>> 2]
                    } else {
                        object[index] = Value.null.bits
                    }
                    index &+= 1
                }
                r.push(Value(isThunk ? Tag.thunk : Tag.function, object))
                continue dispatch
            case .lazySelect:
                let symbol = r.tables.pointee.symbols[operand(&r.pc)]
                let chunk = operand(&r.pc) &+ r.tables.pointee.firstChunk
                let value = (r.sp - 1).pointee.dereferenced
                if value.isAttributes, let found = lookup(value.object, symbol) {
                    let selected = found.pointee.dereferenced
                    // A value with an identity needs a thunk of its own.
                    if !selected.isThunk, selected.tag < Tag.list || !comparesByIdentity(selected) {
                        (r.sp - 1).pointee = selected
                        continue dispatch
                    }
                }
                guard let object = allocate(Size.thunk(1), &r) else {
                    step = .collect
                    break execute
                }
                object[0] = Object.header(Kind.thunk, count: 1, field: chunk)
                object[1] = value.bits
                (r.sp - 1).pointee = Value(Tag.thunk, object)
                continue dispatch
            case .finalise:
                let object = r.bp[operand(&r.pc)]
                var count = operand(&r.pc)
                while count > 0 {
                    let capture = operand(&r.pc)
                    let slot = operand(&r.pc)
                    if _fastPath(object.tag == Tag.thunk || object.tag == Tag.function),
                        object.object.kind == Kind.thunk || object.object.kind == Kind.closure,
                        capture < object.object.captureCount
                    {
                        write(r.bp[slot], to: object.object.values + capture)
                    }
                    count &-= 1
                }
                continue dispatch
            case .unpackFormals:
                let slot = operand(&r.pc)
                let index = operand(&r.pc)
                step = outOfLine(&r, at: start) { unpackFormals(slot: slot, index: index) }
                if _fastPath(step == .next) { continue dispatch }
            case .pushWith:
                let position = operand(&r.pc)
                guard let object = allocate(Size.words(3), &r) else {
                    step = .collect
                    break execute
                }
                object[0] = Object.header(Kind.withLink, field: 0)
                object[1] = (r.sp - 1).pointee.bits
                object[2] = valueAt(position, r).bits
                (r.sp - 1).pointee = Value(Tag.other, object)
                continue dispatch
            case .resolveWith:
                let position = operand(&r.pc)
                let symbol = r.tables.pointee.symbols[operand(&r.pc)]
                store(r, at: start)
                step = resolveWith(valueAt(position, r), symbol)
                if step == .next {
                    r.push(state.pointee.result)
                    continue dispatch
                }
            case .attributes:
                let shape = r.tables.pointee.shapes + operand(&r.pc)
                let count = shape.pointee.count
                let bytes = Size.attributes(count)
                guard let object = allocate(bytes, &r) else {
                    step = .collect
                    break execute
                }
                object[0] = Object.header(Kind.attributes, field: count)
                object[1] = UInt64(UInt(bitPattern: shape.pointee.layout))
                let indices = shape.pointee.indices
                let values = object.values + 1
                r.sp -= count
                var index = 0
                while index < count {
                    values[Int(indices[index])] = r.sp[index]
                    index &+= 1
                }
                r.push(Value(Tag.attributes, object))
                continue dispatch
            case .dynamicAttributes:
                let count = operand(&r.pc)
                step = outOfLine(&r, at: start) { dynamicAttributes(count) }
                if step == .next { continue dispatch }
            case .update:
                step = outOfLine(&r, at: start) { update() }
                if _fastPath(step == .next) { continue dispatch }
            case .select:
                let symbol = r.tables.pointee.symbols[operand(&r.pc)]
                let value = (r.sp - 1).pointee
                if _fastPath(value.isAttributes), let found = lookup(value.object, symbol) {
                    if let value = forcedValue(in: found) {
                        (r.sp - 1).pointee = value
                        continue dispatch
                    }
                    base = r.sp - 1
                    target = found.pointee.object
                } else {
                    store(r, at: start)
                    step = selectMissing(value, symbol)
                }
            case .getLocalSelect, .getUpvalueSelect:
                let index = operand(&r.pc)
                let slot = opcode == .getLocalSelect ? r.bp + index : r.env.values + index
                let symbol = r.tables.pointee.symbols[operand(&r.pc)]
                var value = slot.pointee
                if value.isThunk, value.object.kind == Kind.indirection {
                    value = Value(bits: value.object[1])
                    write(value, to: slot)
                }
                if _fastPath(value.isAttributes), let found = lookup(value.object, symbol) {
                    if let value = forcedValue(in: found) {
                        r.push(value)
                        continue dispatch
                    }
                    target = found.pointee.object
                } else if value.isThunk {
                    mode = FrameMode.updateAndRetry
                    target = value.object
                } else {
                    store(r, at: start)
                    step = selectMissing(value, symbol)
                }
            case .selectOr:
                let symbol = r.tables.pointee.symbols[operand(&r.pc)]
                var value = (r.sp - 1).pointee
                if value.isThunk {
                    if value.object.kind != Kind.indirection {
                        mode = FrameMode.updateAndRetry
                        target = value.object
                        break execute
                    }
                    value = Value(bits: value.object[1])
                }
                if value.isAttributes, let found = lookup(value.object, symbol) {
                    r.pc += 4
                    if !found.pointee.isThunk {
                        (r.sp - 1).pointee = found.pointee
                        continue dispatch
                    }
                    // The operand stays until the frame is entered, because without room for the frame the instruction
                    // runs again.
                    base = r.sp - 1
                    target = found.pointee.object
                } else {
                    r.sp -= 1
                    r.pc = jumpTarget(r.pc)
                    continue dispatch
                }
            case .hasAttribute:
                let symbol = r.tables.pointee.symbols[operand(&r.pc)]
                var value = (r.sp - 1).pointee
                if value.isThunk {
                    if value.object.kind != Kind.indirection {
                        mode = FrameMode.updateAndRetry
                        target = value.object
                        break execute
                    }
                    value = Value(bits: value.object[1])
                }
                (r.sp - 1).pointee = .bool(value.isAttributes && lookup(value.object, symbol) != nil)
                continue dispatch
            case .selectDynamic, .selectOrDynamic, .hasAttributeDynamic:
                step = outOfLine(&r, at: start) { dynamicSelection(opcode) }
                if step == .next { continue dispatch }
            case .list:
                let count = operand(&r.pc)
                if count == 0 {
                    r.push(state.pointee.emptyList)
                    continue dispatch
                }
                let bytes = Size.list(count)
                guard let object = allocate(bytes, &r) else {
                    step = .collect
                    break execute
                }
                object[0] = Object.header(Kind.list, field: count)
                r.sp -= count
                object.values.update(from: r.sp, count: count)
                r.push(Value(Tag.list, object))
                continue dispatch
            case .concatenate:
                step = outOfLine(&r, at: start) { concatenate() }
                if _fastPath(step == .next) { continue dispatch }
            case .interpolate, .interpolatePath:
                let count = operand(&r.pc)
                step = outOfLine(&r, at: start) {
                    opcode == .interpolate ? interpolate(count) : interpolatePath(count)
                }
                if _fastPath(step == .next) { continue dispatch }
            case .coerceToString:
                let flags = r.pc.pointee
                r.pc += 1
                if (r.sp - 1).pointee.isString { continue dispatch }
                step = outOfLine(&r, at: start) { coerceToString(Coercion(rawValue: flags)) }
                if step == .next { continue dispatch }
            case .homePath:
                let index = operand(&r.pc)
                let text = r.tables.pointee.constants[index]
                step = outOfLine(&r, at: start) { homePath(text) }
                if step == .next { continue dispatch }
            case .add:
                if replaceTwoSmall(&r, { $0.adding(small: $1) }) { continue dispatch }
                step = outOfLine(&r, at: start) { add() }
                if step == .next { continue dispatch }
            case .subtract:
                if replaceTwoSmall(&r, { $0.subtracting(small: $1) }) { continue dispatch }
                step = outOfLine(&r, at: start) { arithmetic(opcode) }
                if step == .next { continue dispatch }
            case .addInteger:
                let number = signedOperand(&r.pc)
                if replaceSmall(&r, { $0.adding(small: Value(small: number)) }) { continue dispatch }
                step = outOfLine(&r, at: start) { withInteger(number, .add) }
                if step == .next { continue dispatch }
            case .subtractInteger:
                let number = signedOperand(&r.pc)
                if replaceSmall(&r, { $0.subtracting(small: Value(small: number)) }) { continue dispatch }
                step = outOfLine(&r, at: start) { withInteger(number, .subtract) }
                if step == .next { continue dispatch }
            case .equalInteger:
                let number = signedOperand(&r.pc)
                if replaceSmall(&r, { .bool($0.bits == Value(small: number).bits) }) { continue dispatch }
                step = outOfLine(&r, at: start) { withInteger(number, .equal) }
                if step == .next { continue dispatch }
            case .lessInteger:
                let number = signedOperand(&r.pc)
                if replaceSmall(&r, { .bool($0.small < number) }) { continue dispatch }
                step = outOfLine(&r, at: start) { withInteger(number, .less) }
                if step == .next { continue dispatch }
            case .multiply:
                if replaceTwoSmall(&r, { $0.multiplied(bySmall: $1) }) { continue dispatch }
                step = outOfLine(&r, at: start) { arithmetic(opcode) }
                if _fastPath(step == .next) { continue dispatch }
            case .divide:
                if replaceTwoSmall(&r, { $0.divided(bySmall: $1) }) { continue dispatch }
                step = outOfLine(&r, at: start) { arithmetic(opcode) }
                if _fastPath(step == .next) { continue dispatch }
            case .negate:
                step = outOfLine(&r, at: start) { negate() }
                if _fastPath(step == .next) { continue dispatch }
            case .equal:
                if replaceTwoSmall(&r, { .bool($0.bits == $1.bits) }) { continue dispatch }
                step = outOfLine(&r, at: start) { equal() }
                if _fastPath(step == .next) { continue dispatch }
            case .less, .lessOrEqual, .greater, .greaterOrEqual:
                let isReplaced = replaceTwoSmall(&r) { a, b in
                    switch opcode {
                    case .less: .bool(a.isLess(thanSmall: b))
                    case .lessOrEqual: .bool(!b.isLess(thanSmall: a))
                    case .greater: .bool(b.isLess(thanSmall: a))
                    default: .bool(!a.isLess(thanSmall: b))
                    }
                }
                if isReplaced { continue dispatch }
                step = outOfLine(&r, at: start) { compare(opcode) }
                if _fastPath(step == .next) { continue dispatch }
            case .invert:
                let value = (r.sp - 1).pointee
                if _fastPath(value.isBool) {
                    (r.sp - 1).pointee = .bool(!value.isTrue)
                    continue dispatch
                }
                store(r, at: start)
                step = expectBool(value)
            case .assertBool:
                let value = (r.sp - 1).pointee
                if _fastPath(value.isBool) { continue dispatch }
                store(r, at: start)
                step = expectBool(value)
            case .jump:
                r.pc = jumpTarget(r.pc)
                continue dispatch
            case .jumpIfFalse:
                let value = (r.sp - 1).pointee
                if value.isTrue {
                    r.sp -= 1
                    r.pc += 4
                    continue dispatch
                }
                if _fastPath(value.bits == Value.false.bits) {
                    r.sp -= 1
                    r.pc = jumpTarget(r.pc)
                    continue dispatch
                }
                store(r, at: start)
                step = expectBool(value)
            case .jumpIfTrue:
                let value = (r.sp - 1).pointee
                if value.isTrue {
                    r.sp -= 1
                    r.pc = jumpTarget(r.pc)
                    continue dispatch
                }
                if _fastPath(value.bits == Value.false.bits) {
                    r.sp -= 1
                    r.pc += 4
                    continue dispatch
                }
                store(r, at: start)
                step = expectBool(value)
            case .and:
                let value = (r.sp - 1).pointee
                if value.isTrue {
                    r.sp -= 1
                    r.pc += 4
                    continue dispatch
                }
                if _fastPath(value.bits == Value.false.bits) {
                    r.pc = jumpTarget(r.pc)
                    continue dispatch
                }
                store(r, at: start)
                step = expectBool(value)
            case .or:
                let value = (r.sp - 1).pointee
                if value.isTrue {
                    r.pc = jumpTarget(r.pc)
                    continue dispatch
                }
                if _fastPath(value.bits == Value.false.bits) {
                    r.sp -= 1
                    r.pc += 4
                    continue dispatch
                }
                store(r, at: start)
                step = expectBool(value)
            case .assertFail:
                let index = operand(&r.pc)
                store(r, at: start)
                step = assertFail(r.tables.pointee.constants[index])
            case .assertEqual:
                let a = (r.sp - 2).pointee
                let index = operand(&r.pc)
                if _fastPath(a.isSmall && a.bits == (r.sp - 1).pointee.bits) {
                    r.sp -= 1
                    (r.sp - 1).pointee = .true
                    continue dispatch
                }
                let text = r.tables.pointee.constants[index]
                step = outOfLine(&r, at: start) { assertEqual(text) }
                if step == .next { continue dispatch }
            case .attempt:
                let end = jumpTarget(r.pc)
                let reached = attempt(
                    Attempt(pc: r.pc + 4, sp: r.sp), until: end, bp: r.bp, env: r.env, tables: r.tables)
                r.pc = reached.pc
                r.sp = reached.sp
                continue dispatch
            case .currentPosition:
                step = outOfLine(&r, at: start) { currentPosition() }
                if step == .next { continue dispatch }
            case .call:
                let count = operand(&r.pc)
                let function = (r.sp - (count &+ 1)).pointee
                if _fastPath(function.tag == Tag.function) {
                    let object = function.object
                    let header = object[0]
                    let chunk = chunks + Int(truncatingIfNeeded: header &>> 32)
                    if _fastPath(header & 0xFF == Kind.closure && Int(chunk.pointee.arity) == count) {
                        let top = r.sp + Int(chunk.pointee.maximumStack)
                        state.pointee.grantedFuel &-= 1
                        if _slowPath(
                            top > state.pointee.spLimit || r.fp >= state.pointee.fpLimit
                                || state.pointee.grantedFuel < 0)
                        {
                            state.pointee.neededBytes = 0
                            state.pointee.grantedFuel &+= 1
                            step = .collect
                            break execute
                        }
                        r.pushFrame(pc: r.pc, update: FrameMode.call)
                        r.bp = r.sp - count
                        r.enter(object, chunk)
                        observer.enterCallFrame(self, r, arguments: count)
                        continue dispatch
                    }
                }
                step = outOfLine(&r, at: start) { callSlow(count, &observer) }
                if _fastPath(step == .next) { continue dispatch }
            case .tailCall:
                let count = operand(&r.pc)
                let function = (r.sp - (count &+ 1)).pointee
                if _fastPath(function.tag == Tag.function) {
                    let object = function.object
                    let header = object[0]
                    let chunk = chunks + Int(truncatingIfNeeded: header &>> 32)
                    if _fastPath(header & 0xFF == Kind.closure && Int(chunk.pointee.arity) == count) {
                        let top = r.bp + (count &+ Int(chunk.pointee.maximumStack))
                        state.pointee.grantedFuel &-= 1
                        if _slowPath(top > state.pointee.spLimit || state.pointee.grantedFuel < 0) {
                            state.pointee.neededBytes = 0
                            state.pointee.grantedFuel &+= 1
                            step = .collect
                            break execute
                        }
                        noteTailCall(start, r.fp)
                        r.bp.update(from: r.sp - count, count: count)
                        r.sp = r.bp + count
                        r.enter(object, chunk)
                        observer.tailCall(self, r)
                        continue dispatch
                    }
                }
                step = outOfLine(&r, at: start) { tailCallSlow(count, &observer) }
                if _fastPath(step == .next) { continue dispatch }
            case .return:
                var value = (r.sp - 1).pointee
                if _slowPath(value.isThunk) {
                    let object = value.object
                    if object.kind != Kind.indirection {
                        r.pc = start
                        base = r.sp - 1
                        target = object
                        break execute
                    }
                    value = Value(bits: object[1])
                    (r.sp - 1).pointee = value
                }
                let update = (r.fp - 1).pointee.update & ~FrameMode.tailCalled
                if _slowPath(value.tag >= Tag.list), FrameMode.updates(update), comparesByIdentity(value),
                    !isVariable(update, start)
                {
                    state.pointee.registers = r
                    guard let copy = copyWithOwnIdentity(value) else {
                        step = .collect
                        break execute
                    }
                    value = copy
                    r.hp = state.pointee.registers.hp
                }
                observer.exitFrame(self, r)
                r.fp -= 1
                if _fastPath(update == FrameMode.call) {
                    (r.bp - 1).pointee = value
                    r.sp = r.bp
                } else {
                    if update & 3 != FrameMode.push {
                        let object = Object(bitPattern: update & ~7).unsafelyUnwrapped
                        object.setKind(Kind.indirection)
                        write(value, to: object.values)
                    }
                    r.bp.pointee = value
                    r.sp = r.bp + (update & 3 == FrameMode.updateAndRetry ? 0 : 1)
                }
                r.pc = r.fp.pointee.pc
                r.env = r.fp.pointee.env
                r.tables = r.fp.pointee.tables
                r.bp = r.fp.pointee.bp
                continue dispatch
            case .step:
                let index = operand(&r.pc)
                store(r, at: start)
                if index == 0 {
                    state.pointee.result = (r.sp - 1).pointee
                    return .finished
                }
                step = builtinStep(index, &observer)
                r = state.pointee.registers
                if step == .next { continue dispatch }
                if step == .call {
                    // This is `enterCall`, inlined for a closure with exactly its arguments.
                    let count = state.pointee.callCount
                    let function = (r.sp - (count &+ 1)).pointee
                    if _fastPath(function.tag == Tag.function) {
                        let object = function.object
                        let header = object[0]
                        let chunk = chunks + Int(truncatingIfNeeded: header &>> 32)
                        let top = r.sp + Int(chunk.pointee.maximumStack)
                        if _fastPath(
                            header & 0xFF == Kind.closure && Int(chunk.pointee.arity) == count
                                && top <= state.pointee.spLimit && r.fp < state.pointee.fpLimit
                                && state.pointee.grantedFuel > 0)
                        {
                            observer.carryOut(self, step)
                            state.pointee.grantedFuel &-= 1
                            let resume = state.pointee.resume ?? start
                            state.pointee.resume = nil
                            r.pushFrame(pc: resume, update: FrameMode.call)
                            r.bp = r.sp - count
                            r.enter(object, chunk)
                            observer.enterCallFrame(self, r, arguments: count)
                            continue dispatch
                        }
                    }
                }
            }

            if step == .force {
                // The instruction or step that asked for it runs again, and finds the thunk's value.
                observer.carryOut(self, step)
                target = state.pointee.pending.object
                state.pointee.pending = .null
                base = r.sp
                mode = FrameMode.updateAndRetry
            }
            if let object = target {
                if object.kind == Kind.thunk {
                    let chunk = chunks + object.field
                    state.pointee.grantedFuel &-= 1
                    if _fastPath(
                        r.sp + Int(chunk.pointee.maximumStack) <= state.pointee.spLimit
                            && r.fp < state.pointee.fpLimit
                            && state.pointee.grantedFuel >= 0)
                    {
                        r.pushFrame(
                            pc: mode == FrameMode.updateAndRetry ? start : r.pc,
                            update: UInt(bitPattern: object) | mode)
                        object[0] |= Kind.blackhole
                        r.bp = base
                        r.sp = base
                        r.enter(object, chunk)
                        observer.enterCallFrame(self, r, arguments: 0)
                        continue dispatch
                    }
                    state.pointee.neededBytes = 0
                    state.pointee.grantedFuel &+= 1
                    step = .collect
                } else if object.kind == Kind.indirection {
                    if mode == FrameMode.updateAndRetry {
                        r.pc = start
                    } else {
                        base.pointee = Value(bits: object[1])
                        r.sp = base + 1
                    }
                    continue dispatch
                } else {
                    state.pointee.instruction = start
                    if object.kind == Kind.failed { r.sp = base }
                    state.pointee.registers = r
                    step = failForced(object, mode: mode)
                }
            }
            store(r, at: start)
            if let exit = carryOut(step, &observer) { return exit }
            r = state.pointee.registers
        }
    }

    /// Stores the registers for code that is not the loop's own.
    @inline(__always)
    private func store(_ r: Registers, at start: UnsafePointer<UInt8>) {
        state.pointee.instruction = start
        state.pointee.registers = r
    }

    /// Runs the function of an instruction, with the registers stored before and loaded after it.
    @inline(__always)
    private func outOfLine(_ r: inout Registers, at start: UnsafePointer<UInt8>, _ body: () -> Step)
        -> Step
    {
        store(r, at: start)
        let step = body()
        r = state.pointee.registers
        return step
    }

    /// Replaces the two values at the top by the result of an operation on small integers. The answer is false, and
    /// nothing has changed, if one of them is not small or the operation has no small result.
    @inline(__always)
    private func replaceTwoSmall(_ r: inout Registers, _ operation: (Value, Value) -> Value?) -> Bool {
        let a = (r.sp - 2).pointee
        let b = (r.sp - 1).pointee
        guard _fastPath(Value.areSmall(a, b)), let result = operation(a, b) else { return false }
        r.sp -= 1
        (r.sp - 1).pointee = result
        return true
    }

    /// As `replaceTwoSmall`, for the value at the top and an operand of the instruction.
    @inline(__always)
    private func replaceSmall(_ r: inout Registers, _ operation: (Value) -> Value?) -> Bool {
        let a = (r.sp - 1).pointee
        guard _fastPath(a.isSmall), let result = operation(a) else { return false }
        (r.sp - 1).pointee = result
        return true
    }

    /// Allocates an object of `bytes` bytes. The result is nil when there is no room, and the step is then `.collect`.
    @inline(__always)
    private func allocate(_ bytes: Int, _ r: inout Registers) -> Object? {
        let end = r.hp + bytes
        if _slowPath(end > state.pointee.hpLimit) {
            state.pointee.neededBytes = bytes
            return nil
        }
        let object = r.hp.assumingMemoryBound(to: UInt64.self)
        r.hp = end
        return object
    }

    /// The value in a slot of an object, where an indirection is replaced by its value. The result is nil for a thunk
    /// that must be forced.
    @inline(__always)
    private func forcedValue(in slot: Slot) -> Value? {
        let value = slot.pointee
        if _fastPath(!value.isThunk) { return value }
        let object = value.object
        if object.kind != Kind.indirection { return nil }
        write(Value(bits: object[1]), to: slot)
        return slot.pointee
    }

    /// The value of a packed capture: a local, an upvalue or nothing.
    @inline(__always)
    private func valueAt(_ position: Int, _ r: borrowing Registers) -> Value {
        switch position & 3 {
        case 0: r.bp[position &>> 2]
        case 2: r.env.values[position &>> 2]
        default: .null
        }
    }

    /// Carries out what an instruction or builtin asked for. The result is an exit when the loop cannot continue.
    @inline(never)
    private func carryOut<Observer: LoopObserver>(_ step: Step, _ observer: inout Observer)
        -> RunExit?
    {
        observer.carryOut(self, step)
        switch step {
        case .next, .done: return nil
        case .entered:
            if let index = stepIndex(state.pointee.registers.pc) {
                observer.enterBuiltinFrame(self, index)
            }
            return nil
        case .collect:
            state.pointee.registers.pc = state.pointee.instruction
            return makeRoom() ? nil : unwind(&observer)
        case .force:
            state.pointee.registers.pc = state.pointee.instruction
            return enterPending(&observer) ? nil : unwind(&observer)
        case .call: return enterCall(state.pointee.callCount, &observer) ? nil : unwind(&observer)
        case .tailCall:
            return enterTailCall(state.pointee.callCount, &observer) ? nil : unwind(&observer)
        case .error: return unwind(&observer)
        case .suspend:
            state.pointee.registers.pc = state.pointee.instruction
            return .suspended
        }
    }
}
