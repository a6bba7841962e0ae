/// The words of a builtin's frame by name: its arguments, then its slots, in the order of the declaration.
///
/// A frame lies on the machine's stack and is never made as a value. Its slots are null when the first step runs, which a
/// `Held` number or Boolean reads as 0 or false. The collector sees every word, so that each is a `Value` or `Held`.
protocol BuiltinFrame: BitwiseCopyable {}

extension BuiltinFrame {
    /// Words of the frame.
    @inline(__always) static var count: Int { MemoryLayout<Self>.size / MemoryLayout<Value>.size }
}

/// What a word of a frame can hold.
protocol FrameWord: BitwiseCopyable {
    init(word: Value)
    var word: Value { get }
}

/// A word of a frame, read and written as what it holds. Its projection is the word itself.
@propertyWrapper
struct Held<Content: FrameWord>: BitwiseCopyable {
    private var word: Value

    @inline(__always) var wrappedValue: Content {
        get { Content(word: word) }
        set { word = newValue.word }
    }
    @inline(__always) var projectedValue: Value {
        get { word }
        set { word = newValue }
    }
}

extension Int: FrameWord {
    @inline(__always) init(word: Value) { self = word.small }
    @inline(__always) var word: Value { Value(small: self) }
}

extension Bool: FrameWord {
    @inline(__always) init(word: Value) { self = word.isTrue }
    @inline(__always) var word: Value { .bool(self) }
}

extension ListRef: FrameWord {
    @inline(__always) init(word: Value) { self.init(word.object) }
    @inline(__always) var word: Value { value }
}

extension ArrayRef: FrameWord {
    @inline(__always) init(word: Value) { self.init(word.object) }
    @inline(__always) var word: Value { value }
}

extension AttributesRef: FrameWord {
    @inline(__always) init(word: Value) { self.init(word.object) }
    @inline(__always) var word: Value { value }
}

/// Where a builtin's work is: an enumeration of numbers, of which 0 is the state before the first step.
protocol FramePhase: FrameWord, RawRepresentable<Int> {
    static var begin: Self { get }
}

extension FramePhase {
    @inline(__always) init(word: Value) { self = Self(rawValue: word.small) ?? .begin }
    @inline(__always) var word: Value { Value(small: rawValue) }
}

/// A list or set whose elements are being visited: three words above a frame, the first of which tells it from a value.
struct ContainerCursor: BuiltinFrame {
    /// `Value.absent`, which no value that is visited can be.
    var marker: Value
    var container: Value
    /// Of the next element; negative for a `Substitution`.
    @Held var index: Int
}

extension Slot {
    /// The words that begin here by name.
    @inline(__always)
    func words<Frame: BuiltinFrame>(as _: Frame.Type) -> UnsafeMutablePointer<Frame> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: Frame.self)
    }
}

extension Interpreter {
    /// The frame on top as the one of a certain builtin.
    @inline(__always)
    func topFrame<Frame: BuiltinFrame>(as _: Frame.Type) -> UnsafeMutablePointer<Frame> {
        bp.words(as: Frame.self)
    }

    /// Where the values begin that a builtin pushed above its frame.
    @inline(__always)
    func above<Frame: BuiltinFrame>(_: Frame.Type) -> Slot { bp + Frame.count }

    /// The cursor that ends with the value at the top.
    @inline(__always)
    var topCursor: UnsafeMutablePointer<ContainerCursor> {
        (sp - ContainerCursor.count).words(as: ContainerCursor.self)
    }

    /// Whether the value at the top is the last of a cursor, which lies above `bottom`.
    @inline(__always)
    func hasTopCursor(above bottom: Slot) -> Bool {
        sp - ContainerCursor.count >= bottom && sp[-ContainerCursor.count].bits == Value.absent.bits
    }

    /// Turns the value at the top into a cursor at its first element. Room for two slots reserved.
    @inline(__always)
    func openCursor(at index: Int = 0) {
        let value = sp[-1]
        sp[-1] = .absent
        push(value)
        push(Value(small: index))
    }

    /// An array of so many values. `Size.array` reserved.
    @inline(__always)
    func makeArray(_ count: Int, of value: Value = .null) -> ArrayRef {
        let array = ArrayRef(take(words: 1 &+ count))
        array.object[0] = Object.header(Kind.array, field: count)
        for index in 0..<count { array[index] = value }
        return array
    }

    /// Puts a value into an array of any age.
    @inline(__always)
    func write(_ value: Value, to array: ArrayRef, at index: Int) { write(value, to: array.slot(index)) }
}
