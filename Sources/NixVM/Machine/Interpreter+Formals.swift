import MessageText

/// The prologue of functions with a `{ a, b ? d }` pattern.
extension Interpreter {
    /// Checks the argument in a slot and pushes one value for each formal.
    @inline(never)
    func unpackFormals(slot: Int, index: Int) -> Step {
        let formals = state.pointee.r.tables.pointee.formals + index
        let argument = bp + slot
        if !isForced(argument) { return .force }
        guard argument.pointee.isAttributes else {
            return failUnplaced(
                .type, "expected a set but found \(describe(argument.pointee))",
                context: "while evaluating the value passed for the lambda argument")
        }
        guard reserve(formals.pointee.defaultBytes) else { return .collect }
        let count = formals.pointee.count
        let matched = pickFormals(formals, argument.pointee.object)
        let values = sp
        let fresh = state.pointee.r.hp
        for place in 0..<count where values[place].bits == Value.absent.bits {
            let entry = formals.pointee.defaults + place
            if entry.pointee.chunk >= 0 {
                let thunk = take(words: 1 &+ max(1, entry.pointee.captureCount))
                thunk[0] = Object.header(Kind.thunk, count: entry.pointee.captureCount, field: entry.pointee.chunk)
                values[place] = Value(Tag.thunk, thunk)
            } else if entry.pointee.value.bits != Value.absent.bits {
                values[place] = entry.pointee.value
            } else {
                return failMissingArgument(formals, place)
            }
        }
        if !formals.pointee.hasEllipsis, matched != argument.pointee.object.field {
            return failUnexpectedArgument(formals, argument.pointee.object)
        }
        if state.pointee.r.hp > fresh { captureDefaults(formals, values, fresh) }
        sp += count
        return .next
    }

    /// Puts each formal's attribute above the stack, `absent` where there is none; the number found.
    private func pickFormals(_ formals: UnsafePointer<LoadedFormals>, _ argument: Object) -> Int {
        let count = formals.pointee.count
        let sorted = formals.pointee.sorted
        let values = sp
        let entries = argument.layout.entries
        let attributes = argument.attributeValues
        let size = argument.field
        var matched = 0
        if size > 8 &* count {
            for index in 0..<count {
                let place = lowerBound(entries, size, sorted[index].symbol)
                let found = place < size && entries[place].symbol == sorted[index].symbol
                values[Int(sorted[index].place)] = found ? attributes[place] : .absent
                matched &+= found ? 1 : 0
            }
            return matched
        }
        var place = 0
        var index = 0
        while index < count {
            let symbol = sorted[index].symbol
            while place < size, entries[place].symbol < symbol { place &+= 1 }
            let found = place < size && entries[place].symbol == symbol
            values[Int(sorted[index].place)] = found ? attributes[place] : .absent
            matched &+= found ? 1 : 0
            index &+= 1
        }
        return matched
    }

    /// Fills the captures of the default thunks just made (from `fresh` on), now that every formal has its value. A
    /// default's thunk that came in as an argument is older and stays as it is.
    private func captureDefaults(
        _ formals: UnsafePointer<LoadedFormals>, _ values: Slot, _ fresh: UnsafeMutableRawPointer
    ) {
        for place in 0..<formals.pointee.count {
            let entry = formals.pointee.defaults + place
            let value = values[place]
            guard entry.pointee.chunk >= 0, value.isThunk else { continue }
            // What has left the nursery may lie above it.
            let object = UnsafeMutableRawPointer(value.object)
            guard object >= fresh, object < state.pointee.r.hp else { continue }
            for capture in 0..<entry.pointee.captureCount {
                let position = Int(truncatingIfNeeded: entry.pointee.captures[capture])
                value.object.values[capture] =
                    position & 3 == 0 ? bp[position &>> 2] : state.pointee.r.env.values[position &>> 2]
            }
        }
    }

    private func failMissingArgument(_ formals: UnsafePointer<LoadedFormals>, _ place: Int) -> Step {
        let name = formalName(formals, place)
        return fail(
            .missingArgument,
            bytes: functionName() + Array(" called without required argument '".utf8) + name + Array("'".utf8))
    }

    private func failUnexpectedArgument(_ formals: UnsafePointer<LoadedFormals>, _ argument: Object) -> Step {
        let count = formals.pointee.count
        let known = Set((0..<count).map { formals.pointee.sorted[$0].symbol })
        let names = (0..<argument.field).map { argument.layout.entries[$0].symbol }.filter { !known.contains($0) }
        let first = names.min { state.pointee.symbols.precedes($0, $1) }
        let name = first.map { excerpt($0) } ?? []
        let step = fail(
            .unexpectedArgument,
            bytes: functionName() + Array(" called with unexpected argument '".utf8) + name + Array("'".utf8))
        if let first { machine.failure?.suggestions = suggestions(first, Array(known)) }
        return step
    }

    private func formalName(_ formals: UnsafePointer<LoadedFormals>, _ place: Int) -> [UInt8] {
        for index in 0..<formals.pointee.count where Int(formals.pointee.sorted[index].place) == place {
            return excerpt(formals.pointee.sorted[index].symbol)
        }
        return []
    }

    /// `function 'f'` or `function 'anonymous lambda'` for the function being run.
    private func functionName() -> [UInt8] {
        let name = machine.chunkName(state.pointee.r.env.field) ?? Array("anonymous lambda".utf8)
        return Array("function '".utf8) + MessageText.excerpt(name) + Array("'".utf8)
    }
}

extension Machine {
    /// The name a chunk's function or thunk is bound to.
    func chunkName(_ index: Int) -> [UInt8]? {
        guard index > 0, index < state.pointee.chunkCount else { return nil }
        let loaded = state.pointee.chunks[index]
        guard Int(loaded.program) < programs.count else { return nil }
        let program = programs[Int(loaded.program)]
        return program.chunk(Int(loaded.index)).name.map { name(of: $0, in: program) }
    }
}
