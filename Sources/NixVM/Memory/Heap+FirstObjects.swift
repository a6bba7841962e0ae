extension Heap {
    /// Makes an object without contents. The second word is the room that a minimal object needs.
    mutating func makeFirstObject(kind: UInt64) -> Object {
        let object = allocatePermanent(words: 2)
        object[0] = Object.header(kind, field: 0)
        return object
    }

    /// Makes the empty list, set and string. The machine has one of each.
    mutating func makeEmptyObjects() -> (list: Value, attributes: Value, string: Value) {
        let list = allocatePermanent(words: 1)
        list[0] = Object.header(Kind.list, field: 0)
        let layout = allocatePermanent(words: 2)
        layout[0] = Object.header(Kind.layout, field: 0)
        layout[1] = Value.null.bits
        let attributes = allocatePermanent(words: 2)
        attributes[0] = Object.header(Kind.attributes, field: 0)
        attributes[1] = UInt64(UInt(bitPattern: layout))
        let string = allocatePermanent(words: 1)
        string[0] = Object.header(Kind.string, field: 0)
        return (Value(Tag.list, list), Value(Tag.attributes, attributes), Value(Tag.string, string))
    }
}
