import MessageText

/// The prologue of functions whose parameter is a pattern such as `{ a, b ? d }`.
extension Interpreter {
    /// Checks the argument in a slot and pushes one value for each formal.
    @inline(never)
    func unpackFormals(slot: Int, index: Int) -> Step {
        let formals = state.pointee.registers.tables.pointee.formals + index
        let argument = bp + slot
        if !isForced(argument) { return .force }
        guard argument.pointee.isAttributes else {
            return failWithoutPosition(
                .type, "expected a set but found \(describe(argument.pointee))",
                context: "while evaluating the value passed for the lambda argument")
        }
        guard reserve(formals.pointee.defaultBytes) else { return .collect }
        let count = formals.pointee.count
        let matched = pickFormals(formals, argument.pointee.object)
        let values = sp
        let fresh = state.pointee.registers.hp
        for index in 0..<count where values[index].bits == Value.absent.bits {
            let entry = formals.pointee.defaults + index
            if entry.pointee.chunk >= 0 {
                let thunk = allocate(words: 1 &+ max(1, entry.pointee.captureCount))
                thunk[0] = Object.header(Kind.thunk, count: entry.pointee.captureCount, field: entry.pointee.chunk)
                values[index] = Value(Tag.thunk, thunk)
            } else if entry.pointee.value.bits != Value.absent.bits {
                values[index] = entry.pointee.value
            } else {
                return failMissingArgument(formals, index)
            }
        }
        if !formals.pointee.hasEllipsis, matched != argument.pointee.object.field {
            return failUnexpectedArgument(formals, argument.pointee.object)
        }
        if state.pointee.registers.hp > fresh { captureDefaults(formals, values, fresh) }
        sp += count
        return .next
    }

    /// Stores the attribute of each formal above the top of the stack, or `absent` if there is none. The result is the
    /// number of attributes found.
    private func pickFormals(_ formals: UnsafePointer<LoadedFormals>, _ argument: Object) -> Int {
        guard argument.isFlat else { return pickFormals(formals, ofUnion: argument) }
        let count = formals.pointee.count
        let sorted = formals.pointee.sorted
        let values = sp
        let entries = argument.layout.entries
        let attributes = argument.attributeValues
        let size = argument.field
        var matched = 0
        if size > 8 &* count {
            for index in 0..<count {
                let position = self.index(of: sorted[index].symbol, in: entries, size)
                values[Int(sorted[index].index)] = position.map { attributes[$0] } ?? .absent
                matched &+= position == nil ? 0 : 1
            }
            return matched
        }
        var position = 0
        var index = 0
        while index < count {
            let symbol = sorted[index].symbol
            while position < size, entries[position].symbol < symbol { position &+= 1 }
            let found = position < size && entries[position].symbol == symbol
            values[Int(sorted[index].index)] = found ? attributes[position] : .absent
            matched &+= found ? 1 : 0
            index &+= 1
        }
        return matched
    }

    /// The same for a union, in which each formal is looked up.
    private func pickFormals(_ formals: UnsafePointer<LoadedFormals>, ofUnion argument: Object) -> Int {
        var matched = 0
        for index in 0..<formals.pointee.count {
            let formal = formals.pointee.sorted[index]
            let found = lookup(argument, formal.symbol)
            sp[Int(formal.index)] = found?.pointee ?? .absent
            matched &+= found == nil ? 0 : 1
        }
        return matched
    }

    /// Fills the captures of the default thunks that were just made (from `fresh` on), now that every formal has its
    /// value. A default's thunk that came in as an argument is older and is left as it is.
    private func captureDefaults(
        _ formals: UnsafePointer<LoadedFormals>, _ values: Slot, _ fresh: UnsafeMutableRawPointer
    ) {
        for index in 0..<formals.pointee.count {
            let entry = formals.pointee.defaults + index
            let value = values[index]
            guard entry.pointee.chunk >= 0, value.isThunk else { continue }
            // An object outside the nursery may have a higher address.
            let object = UnsafeMutableRawPointer(value.object)
            guard object >= fresh, object < state.pointee.registers.hp else { continue }
            for capture in 0..<entry.pointee.captureCount {
                let position = Int(truncatingIfNeeded: entry.pointee.captures[capture])
                value.object.values[capture] =
                    position & 3 == 0 ? bp[position &>> 2] : state.pointee.registers.env.values[position &>> 2]
            }
        }
    }

    private func failMissingArgument(_ formals: UnsafePointer<LoadedFormals>, _ index: Int) -> Step {
        let name = formalName(formals, index)
        return fail(
            .missingArgument,
            bytes: functionName() + Array(" called without required argument '".utf8) + name + Array("'".utf8))
    }

    private func failUnexpectedArgument(_ formals: UnsafePointer<LoadedFormals>, _ argument: Object) -> Step {
        let count = formals.pointee.count
        let known = Set((0..<count).map { formals.pointee.sorted[$0].symbol })
        let names = slots(of: argument).map { $0.entry.symbol }.filter { !known.contains($0) }
        let first = names.min { state.pointee.symbols.precedes($0, $1) }
        let name = first.map { excerpt($0) } ?? []
        let step = fail(
            .unexpectedArgument,
            bytes: functionName() + Array(" called with unexpected argument '".utf8) + name + Array("'".utf8))
        if let first { machine.failure?.suggestions = suggestions(first, Array(known)) }
        return step
    }

    private func formalName(_ formals: UnsafePointer<LoadedFormals>, _ formal: Int) -> [UInt8] {
        for index in 0..<formals.pointee.count where Int(formals.pointee.sorted[index].index) == formal {
            return excerpt(formals.pointee.sorted[index].symbol)
        }
        return []
    }

    /// The function being run, as messages name it: `function 'f'` or `function 'anonymous lambda'`.
    private func functionName() -> [UInt8] {
        let name = machine.chunkName(state.pointee.registers.env.field) ?? Array("anonymous lambda".utf8)
        return Array("function '".utf8) + MessageText.excerpt(name) + Array("'".utf8)
    }
}

extension Machine {
    /// The name that a chunk's function or thunk is bound to.
    func chunkName(_ index: Int) -> [UInt8]? {
        guard index > 0, index < state.pointee.chunkCount else { return nil }
        let loaded = state.pointee.chunks[index]
        guard Int(loaded.program) < programs.count else { return nil }
        let program = programs[Int(loaded.program)]
        return program.chunk(Int(loaded.index)).name.map { name(of: $0, in: program) }
    }
}
