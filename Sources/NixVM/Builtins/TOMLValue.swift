import NixFormats

/// Builds the value of a TOML document; its size is reserved. A unit is charged for each node, key and comparison.
struct TOMLValue {
    private let interpreter: Interpreter
    private var symbols: ContiguousArray<UInt32> = []
    private var values: ContiguousArray<Value> = []
    /// The bytes outside the heap that the document and building the value take.
    private let taken: Int

    /// Bytes beside the heap that the building takes.
    static func workSize(_ document: borrowing TOMLDocument) -> Int {
        document.keyCount * MemoryLayout<UInt32>.stride + document.nodeCount * MemoryLayout<Value>.stride
            + document.largestTable * KeySorter.bytesPerKey
    }

    /// The value of the document's first node; nil with `failure` set.
    ///
    /// - Parameter taken: Bytes that the document takes.
    static func make(_ document: borrowing TOMLDocument, _ interpreter: Interpreter, taken: Int) -> Value? {
        var builder = TOMLValue(interpreter: interpreter, taken: taken + workSize(document))
        guard builder.internKeys(document), builder.makeValues(document) else { return nil }
        return builder.values[0]
    }

    private init(interpreter: Interpreter, taken: Int) {
        self.interpreter = interpreter
        self.taken = taken
    }

    private mutating func internKeys(_ document: borrowing TOMLDocument) -> Bool {
        symbols.reserveCapacity(document.keyCount)
        for number in 0..<document.keyCount {
            guard let symbol = interpreter.symbol(ofKey: document.key(number).buffer, beside: taken) else {
                return false
            }
            symbols.append(symbol)
        }
        return true
    }

    /// What a node holds stands after it, so that from the last to the first every value is made of values that are
    /// there.
    private mutating func makeValues(_ document: borrowing TOMLDocument) -> Bool {
        values = ContiguousArray(repeating: .null, count: document.nodeCount)
        var index = document.nodeCount - 1
        while index >= 0 {
            guard interpreter.charge(1), let value = makeValue(document, index) else { return false }
            values[index] = value
            index -= 1
        }
        return true
    }

    private func makeValue(_ document: borrowing TOMLDocument, _ index: Int) -> Value? {
        switch document.value(index) {
        case .boolean(let value): return .bool(value)
        case .integer(let value): return interpreter.makeInteger(value)
        case .float(let value): return interpreter.makeFloat(value)
        case .string(let bytes): return interpreter.makeStringCharged(bytes.buffer)
        case .timestamp(let bytes):
            return interpreter.makeAttributes([
                (Symbols.kind.number, interpreter.nameString(Symbols.timestamp.number)),
                (Symbols.value.number, interpreter.makeString(bytes.buffer)),
            ])
        case .array(let count): return makeList(document, index, count)
        case .table(let count): return makeTable(document, index, count)
        }
    }

    private func makeList(_ document: borrowing TOMLDocument, _ index: Int, _ count: Int) -> Value? {
        let list = interpreter.makeList(count)
        var member = document.firstMember(of: index)
        var place = 0
        while member >= 0 {
            guard interpreter.charge(1) else { return nil }
            list.object.values[place] = values[member]
            place += 1
            member = document.next(after: member)
        }
        return list
    }

    private func makeTable(_ document: borrowing TOMLDocument, _ index: Int, _ count: Int) -> Value? {
        var sorter = KeySorter(count: count)
        var member = document.firstMember(of: index)
        while member >= 0 {
            guard interpreter.charge(1) else { return nil }
            sorter.add(symbols[document.keyNumber(of: member)], item: member)
            member = document.next(after: member)
        }
        guard sorter.sort(interpreter) else { return nil }
        if count == 0 { return interpreter.state.pointee.emptyAttributes }
        let set = interpreter.makeAttributes(layout: sorter.makeLayout(interpreter))
        for (place, member) in sorter.items.enumerated() { set.object.attributeValues[place] = values[member] }
        return set
    }
}
