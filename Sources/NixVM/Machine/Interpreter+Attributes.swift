import MessageText
import NixBytecode

/// An entry of a layout. The symbol is in the upper half and the position number in the lower, so that entries sort by
/// symbol.
struct LayoutEntry {
    var bits: UInt64

    @inline(__always) init(bits: UInt64) { self.bits = bits }
    @inline(__always) init(_ symbol: UInt32, _ position: UInt32) {
        bits = UInt64(symbol) &<< 32 | UInt64(position)
    }
    @inline(__always) var symbol: UInt32 { UInt32(truncatingIfNeeded: bits &>> 32) }
    @inline(__always) var position: UInt32 { UInt32(truncatingIfNeeded: bits) }
}

extension Object {
    /// The layout of an attribute set. A union must have been flattened.
    @inline(__always) var layout: Object { flat.ownLayout }
    /// The values of an attribute set, in the order of its layout. A union must have been flattened.
    @inline(__always) var attributeValues: Slot { flat.ownValues }
    /// The layout of a set of kind `Kind.attributes`.
    @inline(__always) var ownLayout: Object { Object(bitPattern: UInt(self[1])).unsafelyUnwrapped }
    /// The values of a set of kind `Kind.attributes`, in the order of its layout.
    @inline(__always) var ownValues: Slot { values + 1 }
    /// The entries of a layout.
    @inline(__always) var entries: UnsafeMutablePointer<LayoutEntry> {
        UnsafeMutableRawPointer(self + 2).assumingMemoryBound(to: LayoutEntry.self)
    }
}

/// Attribute sets. Each is a list of values and a layout, which it shares with the other sets of the same expression.
extension Interpreter {
    /// The slot of an attribute, or nil if the set does not have it.
    @inline(never)
    func lookup(_ attributes: Object, _ symbol: UInt32) -> Slot? {
        let count = attributes.field
        if count <= Self.fewAttributes {
            // No union has so few.
            let entries = attributes.ownLayout.entries
            var index = 0
            while index < count {
                if entries[index].symbol == symbol { return attributes.ownValues + index }
                index &+= 1
            }
            return nil
        }
        if _slowPath(attributes.kind != Kind.attributes) { return lookupInUnion(attributes, symbol) }
        let entries = attributes.ownLayout.entries
        let layout = UInt(bitPattern: attributes.ownLayout)
        let hash = (layout &>> 4) ^ (layout &>> 14) ^ UInt(symbol) &* 0x9E5
        let entry = state.pointee.lookupCache + Int(hash & UInt(LookupCacheEntry.count - 1))
        if entry.pointee.layout != layout || entry.pointee.symbol != symbol {
            let index = index(of: symbol, in: entries, count)
            entry.pointee = LookupCacheEntry(
                layout: layout, symbol: symbol,
                index: index.map { UInt32(truncatingIfNeeded: $0) } ?? LookupCacheEntry.absent)
        }
        let index = entry.pointee.index
        return index == LookupCacheEntry.absent ? nil : attributes.ownValues + Int(index)
    }

    /// The largest number of attributes that are searched from end to end.
    private static let fewAttributes = 8

    /// The index of the entry with a symbol; nil if there is none.
    @inline(__always)
    func index(of symbol: UInt32, in entries: UnsafeMutablePointer<LayoutEntry>, _ count: Int) -> Int? {
        if count > Self.fewEntries { return guessedIndex(of: symbol, entries, count) }
        let index = lowerBound(entries, count, symbol)
        return index < count && entries[index].symbol == symbol ? index : nil
    }

    /// The largest number of entries in which guessing takes more time than halving.
    private static let fewEntries = 64

    /// Guesses the index from the smallest and the largest symbol. Names that came up together have symbols in
    /// succession, so the guess mostly is close. From there it takes steps that double, and halves the last one.
    private func guessedIndex(of symbol: UInt32, _ entries: UnsafeMutablePointer<LayoutEntry>, _ count: Int) -> Int? {
        let (first, last) = (entries[0].symbol, entries[count &- 1].symbol)
        guard symbol >= first, symbol <= last, first < last else { return symbol == first ? 0 : nil }
        let share = Double(symbol &- first) / Double(last &- first)
        let guess = min(Int(share * Double(count &- 1)), count &- 1)
        if entries[guess].symbol == symbol { return guess }
        var step = 4
        var (low, high) = (0, count)
        if entries[guess].symbol < symbol {
            low = guess &+ 1
            while low &+ step < count, entries[low &+ step].symbol <= symbol {
                low &+= step
                step &*= 2
            }
            high = min(count, low &+ step)
        } else {
            high = guess
            while high > step, entries[high &- step].symbol > symbol {
                high &-= step
                step &*= 2
            }
            low = max(0, high &- step)
        }
        let index = low &+ lowerBound(entries + low, high &- low, symbol)
        return index < count && entries[index].symbol == symbol ? index : nil
    }

    /// The index of the first entry whose symbol is not less than the given one.
    @inline(__always)
    func lowerBound(_ entries: UnsafeMutablePointer<LayoutEntry>, _ count: Int, _ symbol: UInt32) -> Int {
        var base = 0
        var length = count
        let key = UInt64(symbol) &<< 32
        while length > 0 {
            let half = length &>> 1
            if entries[base &+ half].bits < key {
                base &+= half &+ 1
                length &-= half &+ 1
            } else {
                length = half
            }
        }
        return base
    }

    /// The position number of an attribute, which is 0 if its position is unknown. The result is nil when there is no
    /// such attribute.
    func positionNumber(_ attributes: Object, _ symbol: UInt32) -> UInt32? {
        entry(attributes, symbol)?.position
    }

    /// `a // b` for the two sets at the top of the stack.
    @inline(never)
    func update() -> Step {
        if !isForced(sp - 2) || !isForced(sp - 1) { return .force }
        let a = (sp - 2).pointee
        let b = (sp - 1).pointee
        guard a.isAttributes, b.isAttributes else {
            // Nix checks the right operand first.
            let isLeft = b.isAttributes
            return failWithoutPosition(
                .type, "expected a set but found \(describe(isLeft ? a : b))", operand: isLeft ? 0 : 1)
        }
        state.pointee.counters.updates &+= 1
        if b.object.field == 0 {
            sp -= 1
            return .next
        }
        if a.object.field == 0 {
            sp -= 1
            (sp - 1).pointee = b
            return .next
        }
        let most = a.object.field &+ b.object.field
        // So few attributes are in flat sets, and are copied.
        let isSmall = most < SetUnion.minimumBase && !state.pointee.stress
        guard let bytes = isSmall ? Size.union(most) : prepareUnion(a.object, b.object), reserve(bytes) else {
            return .collect
        }
        guard charge(1 &+ most / 16) else { return .error }
        state.pointee.counters.updateCopies &+= most
        guard let union = isSmall ? merge(a.object, b.object) : unite(a.object, b.object) else { return .error }
        sp -= 1
        (sp - 1).pointee = union
        return .next
    }

    /// Handles a select whose operand is a thunk, is not a set, or does not have the attribute.
    @inline(never)
    func selectMissing(_ value: Value, _ symbol: UInt32) -> Step {
        if value.isThunk {
            let top = sp - 1
            if top >= bp, top.pointee == value {
                if !isForced(top) { return .force }
                state.pointee.neededBytes = 0
                return .collect
            }
            state.pointee.pending = value
            return .force
        }
        guard value.isAttributes else { return failSelection(value) }
        return failMissingAttribute(value, symbol)
    }

    private func failDefinedBefore(_ symbol: UInt32, _ position: UInt32) -> Step {
        let location = machine.attributePosition(position).map { " at \($0)" } ?? ""
        return fail(.value, "dynamic attribute '\(quoted(symbol))' already defined\(location)")
    }

    private func failSelection(_ value: Value) -> Step {
        failWithoutPosition(
            .type, "expected a set but found \(describe(value))", context: "while selecting an attribute")
    }

    /// - Parameter context: What a builtin needed the attribute for. With a context no similar names are suggested.
    func failMissingAttribute(_ attributes: Value, _ symbol: UInt32, context: String? = nil) -> Step {
        let step = fail(
            .missingAttribute, bytes: Array("attribute '".utf8) + excerpt(symbol) + Array("' missing".utf8))
        machine.failure?.position = nil
        if let context {
            machine.notes.append(.text(context))
            return step
        }
        machine.failure?.suggestions = suggestions(symbol, slots(of: attributes.object).map { $0.entry.symbol })
        return step
    }

    /// Executes the three instructions that find the attribute name at the top of the stack.
    @inline(never)
    func dynamicSelection(_ opcode: Opcode) -> Step {
        if !isForced(sp - 1) || !isForced(sp - 2) { return .force }
        let name = (sp - 1).pointee
        let base = (sp - 2).pointee
        guard name.isString else {
            let step = failExpected("a string", name)
            machine.notes.append(.here("while evaluating an attribute name"))
            return step
        }
        guard chargeName(name.object.byteBuffer) else { return .error }
        var found: Slot?
        if base.isAttributes, let symbol = state.pointee.symbols.find(name.object.byteBuffer) {
            found = lookup(base.object, symbol)
        }
        if opcode == .hasAttributeDynamic {
            sp -= 1
            (sp - 1).pointee = .bool(found != nil)
            return .next
        }
        guard let found else {
            if opcode == .selectOrDynamic {
                sp -= 2
                state.pointee.registers.pc = jumpTarget(state.pointee.registers.pc)
                return .next
            }
            guard base.isAttributes else { return failSelection(base) }
            guard let symbol = symbol(of: name.object.byteBuffer) else { return .error }
            return failMissingAttribute(base, symbol)
        }
        if !isForced(found) { return .force }
        sp -= 1
        (sp - 1).pointee = found.pointee
        if opcode == .selectOrDynamic { state.pointee.registers.pc += 4 }
        return .next
    }

    /// Looks up a name along a `with` chain. Its forced value is left in `result`.
    @inline(never)
    func resolveWith(_ chain: Value, _ symbol: UInt32) -> Step {
        var link = chain
        while link.isKind(Kind.withLink) {
            let scope = link.object.values
            if !isForced(scope) { return .force }
            guard scope.pointee.isAttributes else {
                return failWithoutPosition(
                    .type, "expected a set but found \(describe(scope.pointee))",
                    context: "while evaluating the first subexpression of a with expression")
            }
            if let found = lookup(scope.pointee.object, symbol) {
                if !isForced(found) { return .force }
                state.pointee.result = found.pointee
                return .next
            }
            link = link.object.values[1]
        }
        return fail(
            .undefinedVariable, bytes: Array("undefined variable '".utf8) + excerpt(symbol) + Array("'".utf8))
    }

    /// Adds the `count` pairs at the top of the stack to the set below them.
    @inline(never)
    func dynamicAttributes(_ count: Int) -> Step {
        let pairs = sp - 2 &* count
        for index in 0..<count where !isForced(pairs + 2 &* index) { return .force }
        let base = (pairs - 1).pointee
        guard base.isAttributes else { return failExpected("a set", base) }
        guard flattened(base.object) != nil else { return .collect }
        let most = base.object.field &+ count
        guard reserve(Size.attributesAndLayout(most) &+ Size.array(0)) else { return .collect }
        var added: [(entry: LayoutEntry, value: Value)] = []
        for index in 0..<count {
            let name = pairs[2 &* index]
            if name.isNull { continue }
            guard name.isString else {
                let step = failExpected("a string", name)
                machine.notes.append(.here("while evaluating the name of a dynamic attribute"))
                return step
            }
            if name.object.hasContext {
                return fail(
                    .type,
                    "the string '\(MessageText.shortened(name.object.byteBuffer))' is not allowed to refer to a store path"
                )
            }
            guard let symbol = symbol(of: name.object.byteBuffer) else { return .error }
            let known = positionNumber(base.object, symbol) ?? added.first { $0.entry.symbol == symbol }?.entry.position
            if let known { return failDefinedBefore(symbol, known) }
            added.append((LayoutEntry(symbol, instructionPosition()), pairs[2 &* index &+ 1]))
        }
        added.sort { $0.entry.symbol < $1.entry.symbol }
        let result = insert(base.object, added)
        sp = pairs
        (sp - 1).pointee = result
        return .next
    }

    private func insert(_ base: Object, _ added: [(entry: LayoutEntry, value: Value)]) -> Value {
        let count = base.field &+ added.count
        let layout = allocate(words: 2 &+ count)
        layout[0] = Object.header(Kind.layout, field: count)
        layout[1] = Value.null.bits
        var i = 0
        var j = 0
        for index in 0..<count {
            if j == added.count || i < base.field && base.layout.entries[i].symbol < added[j].entry.symbol {
                layout.entries[index] = base.layout.entries[i]
                i += 1
            } else {
                layout.entries[index] = added[j].entry
                j += 1
            }
        }
        let result = makeAttributes(layout: shared(layout))
        let entries = result.object.layout.entries
        j = 0
        for index in 0..<count {
            if j < added.count, entries[index].symbol == added[j].entry.symbol {
                result.object.attributeValues[index] = added[j].value
                j += 1
            } else {
                result.object.attributeValues[index] = base.attributeValues[index - j]
            }
        }
        return result
    }

    /// A position number for the current instruction.
    private func instructionPosition() -> UInt32 {
        machine.instructionPosition(chunk: state.pointee.registers.env.field, pc: state.pointee.instruction)
    }
}
