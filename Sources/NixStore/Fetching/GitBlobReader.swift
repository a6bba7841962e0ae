/// Parses the output of `git cat-file --batch`: for each object a line `NAME TYPE SIZE`, its bytes, and a newline.
struct GitBlobReader {
    private enum State {
        case header
        case data(left: Int)
        case end
    }

    private var state = State.header
    private var line: [UInt8] = []
    private var contents: [UInt8] = []
    /// Called with the bytes of each object, in order; nil for a missing one.
    private let output: ([UInt8]?) -> Void

    init(output: @escaping ([UInt8]?) -> Void) { self.output = output }

    mutating func feed(_ piece: UnsafeRawBufferPointer) {
        var offset = 0
        while offset < piece.count {
            switch state {
            case .header:
                let byte = unsafe piece[offset]
                offset += 1
                if byte == UInt8(ascii: "\n") { begin() } else { line.append(byte) }
            case .data(let left):
                let count = min(left, piece.count - offset)
                unsafe contents.append(contentsOf: piece[offset..<(offset + count)])
                offset += count
                if left == count { finish() } else { state = .data(left: left - count) }
            case .end:
                offset += 1
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
