/// Reads what `git cat-file --batch` prints: for each object a line `NAME TYPE SIZE`, its bytes and a line's end.
struct GitBlobReader {
    private enum State {
        case header
        case data(left: Int)
        case end
    }

    private var state = State.header
    private var line: [UInt8] = []
    private var contents: [UInt8] = []
    /// Called with each object's bytes, in order; nil for one that is missing.
    private let output: ([UInt8]?) -> Void

    init(output: @escaping ([UInt8]?) -> Void) { self.output = output }

    mutating func feed(_ piece: UnsafeRawBufferPointer) {
        var place = 0
        while place < piece.count {
            switch state {
            case .header:
                let byte = unsafe piece[place]
                place += 1
                if byte == UInt8(ascii: "\n") { begin() } else { line.append(byte) }
            case .data(let left):
                let count = min(left, piece.count - place)
                unsafe contents.append(contentsOf: piece[place..<(place + count)])
                place += count
                if left == count { finish() } else { state = .data(left: left - count) }
            case .end:
                place += 1
                state = .header
            }
        }
    }

    private mutating func begin() {
        let fields = line.split(separator: UInt8(ascii: " "))
        line = []
        guard fields.count == 3, let size = Int(String(decoding: fields[2], as: UTF8.self)) else { return output(nil) }
        state = .data(left: size)
        if size == 0 { finish() }
    }

    private mutating func finish() {
        let bytes = contents
        contents = []
        state = .end
        output(bytes)
    }
}
