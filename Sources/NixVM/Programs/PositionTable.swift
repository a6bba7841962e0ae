import NixBytecode

/// The positions for `unsafeGetAttrPos`, as program and span. Their numbers begin with 1. Those of an image come first,
/// and are read where they lie.
struct PositionTable {
    typealias Entry = (program: UInt32, span: SourceSpan)

    /// The positions of the image.
    private let shared: UnsafeBufferPointer<Entry>
    private var own: [Entry] = []

    init() { shared = UnsafeBufferPointer(start: nil, count: 0) }

    /// - Parameter shared: The positions of an image, which is mapped as long as the table is used.
    init(shared: UnsafeBufferPointer<Entry>) { self.shared = shared }

    var count: Int { shared.count + own.count }

    /// The position with a number from 1 to `count`.
    subscript(number: UInt32) -> Entry {
        let index = Int(number) - 1
        return index < shared.count ? shared[index] : own[index - shared.count]
    }

    var all: [Entry] { Array(shared) + own }

    mutating func append(_ entry: Entry) { own.append(entry) }
}
