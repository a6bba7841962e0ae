/// A text that grows in the heap, while a frame writes it: a slot holds its bytes, the next one its length.
struct TextBuilder {
    private let interpreter: Interpreter
    private let slot: Slot
    /// What the step answers when there is no room: it has had no effect, or has failed.
    private(set) var step = Step.collect

    /// The longest text: its capacity fits the 32 bits of a header, in whole words.
    private static let mostBytes = Int(UInt32.max) & ~7

    init(_ interpreter: Interpreter, _ slot: Slot) {
        self.interpreter = interpreter
        self.slot = slot
    }

    var length: Int { slot[1].isNull ? 0 : slot[1].small }

    var bytes: UnsafeMutablePointer<UInt8> { slot.pointee.object.bytes }

    /// Where so many bytes go on at the end; nil when `step` is to be answered.
    ///
    /// - Parameters:
    ///   - extra: bytes of the heap that are reserved with them.
    ///   - taken: bytes that are taken beside the heap.
    @inline(__always)
    mutating func room(_ count: Int, extra: Int = 0, beside taken: Int = 0) -> UnsafeMutablePointer<UInt8>? {
        let length = length
        if !slot.pointee.isNull, length + count <= slot.pointee.object.field {
            return interpreter.reserve(extra, beside: taken) ? bytes + length : nil
        }
        return grow(length, count, extra, taken)
    }

    @inline(never)
    private mutating func grow(
        _ length: Int, _ count: Int, _ extra: Int, _ taken: Int
    ) -> UnsafeMutablePointer<UInt8>? {
        guard length + count <= TextBuilder.mostBytes else {
            step = interpreter.fail(.value, "string of \(length + count) bytes is too long")
            return nil
        }
        let capacity = min(((length + count) * 2 + 127) & ~7, TextBuilder.mostBytes)
        guard interpreter.reserve(8 + capacity + extra, beside: taken) else { return nil }
        let larger = interpreter.allocate(words: 1 + capacity / 8)
        larger[0] = Object.header(Kind.bytes, field: capacity)
        if length > 0, !interpreter.copyCharged(bytes, length, to: larger.bytes) {
            step = .error
            return nil
        }
        slot.pointee = Value(Tag.other, larger)
        return bytes + length
    }

    /// Counts bytes that were written where `room` said.
    @inline(__always)
    func advance(_ count: Int) { slot[1] = Value(small: length + count) }

    /// The text as a string; nil when `step` is to be answered.
    mutating func finish(context: Value) -> Value? {
        let length = length
        guard interpreter.reserve(Size.string(length)) else { return nil }
        let result = interpreter.makeString(length: length, context: context)
        if length > 0, !interpreter.copyCharged(bytes, length, to: result.object.bytes) {
            step = .error
            return nil
        }
        return result
    }
}
