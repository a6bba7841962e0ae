/// A text that grows in the heap while a frame writes it.
struct TextBuilder {
    /// The words of the frame that hold it.
    struct State: BuiltinFrame {
        /// A bytes object with room for more than was written; null at first.
        var buffer: Value
        /// Bytes that were written.
        @Held var length: Int
    }

    private let interpreter: Interpreter
    private let state: UnsafeMutablePointer<State>
    /// What the step answers when there is no room: it has had no effect, or has failed.
    private(set) var step = Step.collect

    /// The longest text: its capacity fits the 32 bits of a header, in whole words.
    private static let mostBytes = Int(UInt32.max) & ~7

    /// - Parameter state: a part of the frame on top.
    @inline(__always)
    init(_ interpreter: Interpreter, _ state: inout State) {
        self.interpreter = interpreter
        // The state lies on the machine's stack, which stays where it is.
        self.state = withUnsafeMutablePointer(to: &state) { $0 }
    }

    var length: Int { state.pointee.length }

    var bytes: UnsafeMutablePointer<UInt8> { state.pointee.buffer.object.bytes }

    /// Where so many bytes go on at the end; nil when `step` is to be answered.
    ///
    /// - Parameters:
    ///   - extra: bytes of the heap that are reserved with them.
    ///   - taken: bytes that are taken beside the heap.
    @inline(__always)
    mutating func room(_ count: Int, extra: Int = 0, beside taken: Int = 0) -> UnsafeMutablePointer<UInt8>? {
        let length = length
        let buffer = state.pointee.buffer
        if !buffer.isNull, length + count <= buffer.object.field {
            return interpreter.reserve(extra, outside: taken) ? bytes + length : nil
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
        guard interpreter.reserve(8 + capacity + extra, outside: taken) else { return nil }
        let larger = interpreter.take(words: 1 + capacity / 8)
        larger[0] = Object.header(Kind.bytes, field: capacity)
        if length > 0, !interpreter.copy(bytes, to: larger.bytes, count: length, isCharged: false) {
            step = .error
            return nil
        }
        state.pointee.buffer = Value(Tag.other, larger)
        return bytes + length
    }

    /// Counts bytes that were written where `room` said.
    @inline(__always)
    func advance(_ count: Int) { state.pointee.length += count }

    /// The text as a string; nil when `step` is to be answered.
    mutating func finish(context: Value) -> Value? {
        let length = length
        guard interpreter.reserve(Size.string(length)) else { return nil }
        let result = interpreter.makeString(length: length, context: context)
        if length > 0, !interpreter.copy(bytes, to: result.object.bytes, count: length, isCharged: false) {
            step = .error
            return nil
        }
        return result
    }
}
