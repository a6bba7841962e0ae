/// Work whose amount a program decides: what it costs, and looks at deadline and cancellation on its way.
///
/// The rule for every loop of the machine's own: its fuel is charged before it begins, in proportion to the sizes that the
/// program made, and it is interrupted within about a millisecond. A step that answers `.collect` is run anew, and when
/// that happens depends on the heap, so that a step reserves first and charges afterwards.
extension Interpreter {
    /// Bytes that are compared or copied for one unit of fuel.
    static var bytesPerUnit: Int { 256 }
    /// Bytes that are compared or copied between two looks at deadline and cancellation.
    static var blockBytes: Int { 1 << 20 }
    /// Elements that are visited between two looks.
    static var blockElements: Int { 1 << 14 }

    /// Looks at deadline and cancellation; false with `failure` set when the evaluation must stop.
    @inline(never)
    func poll() -> Bool {
        guard let cause = machine.interruption() else { return true }
        return failInterrupted(cause)
    }

    /// The same once in so many elements of a loop.
    @inline(__always)
    func poll(at index: Int) -> Bool {
        _fastPath(index & (Interpreter.blockElements &- 1) != 0) || index == 0 || poll()
    }

    /// Copies elements; false with `failure` set when the evaluation must stop.
    ///
    /// - Parameter isCharged: whether what it costs was charged before. If not, a unit for every 64 bytes is, each time
    ///   before they are copied.
    @inline(__always)
    func copy<Element: BitwiseCopyable>(
        _ source: UnsafePointer<Element>, to target: UnsafeMutablePointer<Element>, count: Int, isCharged: Bool = true
    ) -> Bool {
        let bytes = count &* MemoryLayout<Element>.stride
        if _slowPath(bytes > (isCharged ? Interpreter.copiedBlockBytes : Interpreter.copiedBytesPerUnit &- 1)) {
            let bytesPerUnit = isCharged ? .max : Interpreter.copiedBytesPerUnit
            return copyBlocks(source, target, bytes, bytesPerUnit: bytesPerUnit)
        }
        target.update(from: source, count: count)
        return true
    }

    /// Bytes that are copied between two looks at deadline and cancellation.
    private static var copiedBlockBytes: Int { 1 << 17 }
    private static var copiedBytesPerUnit: Int { 64 }

    /// A block is charged before it is copied; one that costs nothing is a look at deadline and cancellation.
    @inline(never)
    private func copyBlocks(
        _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ count: Int, bytesPerUnit: Int
    ) -> Bool {
        var copied = 0
        return inBlocks(count, bytesPerUnit: bytesPerUnit) { block in
            target.advanced(by: block.lowerBound).copyMemory(
                from: source.advanced(by: block.lowerBound), byteCount: block.count)
            copied &+= block.count
            return copied & (Interpreter.copiedBlockBytes &- 1) != 0 || poll()
        }
    }

    /// Sorts in place; false with `failure` set when the evaluation must stop, and the order is then any.
    ///
    /// - Parameter precedes: as `sort` takes it; it must not be a function of the program.
    @inline(__always)
    func sort<Element>(
        _ elements: inout UnsafeMutableBufferPointer<Element>, by precedes: (Element, Element) -> Bool
    ) -> Bool {
        // They are compared fewer than `blockElements` times: that is within one interval of polling.
        if _fastPath(elements.count <= 1024) {
            elements.sort(by: precedes)
            return true
        }
        return sortWithPolls(&elements, by: precedes)
    }

    @inline(never)
    private func sortWithPolls<Element>(
        _ elements: inout UnsafeMutableBufferPointer<Element>, by precedes: (Element, Element) -> Bool
    ) -> Bool {
        var comparisons = 0
        do {
            try elements.sort { a, b throws(SortStopped) in
                comparisons &+= 1
                guard poll(at: comparisons) else { throw SortStopped() }
                return precedes(a, b)
            }
            return true
        } catch {
            return false
        }
    }

    private struct SortStopped: Error {}

    /// Order of two strings of bytes, as `compareBytes` has it, charged by what they have in common; nil with `failure`
    /// set when the evaluation must stop.
    @inline(__always)
    func compare(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int? {
        if _fastPath(min(a.count, b.count) < Interpreter.bytesPerUnit) { return compareBytes(a, b) }
        return compareBlocks(a, b)
    }

    @inline(never)
    private func compareBlocks(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int? {
        let common = min(a.count, b.count)
        var start = 0
        while start < common {
            let end = min(common, start &+ Interpreter.blockBytes)
            guard charge(1 &+ (end &- start) / Interpreter.bytesPerUnit) else { return nil }
            if start > 0, !poll() { return nil }
            let order = compareBytes(
                UnsafeBufferPointer(rebasing: a[start..<end]), UnsafeBufferPointer(rebasing: b[start..<end]))
            if order != 0 { return order }
            start = end
        }
        return a.count - b.count
    }

    /// Whether two strings or paths have the same bytes; nil with `failure` set when the evaluation must stop.
    @inline(__always)
    func equalBytes(_ a: Value, _ b: Value) -> Bool? {
        if a.object.field != b.object.field { return false }
        guard let order = compare(a.object.byteBuffer, b.object.byteBuffer) else { return nil }
        return order == 0
    }

    /// Reserves text of so many bytes that is made beside the heap and lives as long as the step, and charges for it; what
    /// to answer when a limit forbids it, or when the step must be run anew first.
    func admitText(_ bytes: Int) -> Step? {
        guard reserveOutside(bytes) else { return .collect }
        return charge(1 &+ bytes / Interpreter.bytesPerUnit) ? nil : .error
    }

    /// Reserves copies of a text beside the heap that live no longer than the step. Of a short one they are not worth a
    /// look at the limit.
    @inline(__always)
    func reserveCopies(_ count: Int, of text: Object) -> Bool { reserveCopies(count, length: text.field) }

    @inline(__always)
    func reserveCopies(_ count: Int, length: Int) -> Bool {
        length <= Interpreter.shortTextBytes || reserveOutside(count &* length)
    }

    private static var shortTextBytes: Int { 1 << 12 }

    /// The same for a string that is what a program says itself as the message of a failure. It is copied on its way to
    /// whoever reads it, and each of its lines is indented.
    func admitMessage(_ string: Value) -> Step? {
        let length = string.object.field
        guard let lines = lineCount(string.object) else { return .error }
        guard reserveOutside(4 * length + 8 * lines) else { return .collect }
        return admitText(6 * length)
    }

    /// How many line ends a text has; nil with `failure` set when the evaluation must stop.
    func lineCount(_ text: Object) -> Int? {
        var count = 0
        let isWhole = inBlocks(text.field, bytesPerUnit: .max) { block in
            for byte in text.byteBuffer[block] where byte == UInt8(ascii: "\n") { count &+= 1 }
            return block.upperBound & (Interpreter.blockBytes &- 1) != 0 || poll()
        }
        return isWhole ? count : nil
    }

    /// The symbol of a name that the program made, which is charged by its length and counted when it is new; nil with
    /// `failure` set when a limit forbids it.
    func symbol(of name: UnsafeBufferPointer<UInt8>) -> UInt32? {
        chargeName(name) ? symbol(ofCharged: name) : nil
    }

    /// The symbol of a key in a text that is parsed. It costs a unit, and one for every 32 bytes. Nil with `failure` set.
    func symbol(ofKey name: UnsafeBufferPointer<UInt8>, beside taken: Int) -> UInt32? {
        charge(1 &+ name.count / 32) ? symbol(ofCharged: name, beside: taken) : nil
    }

    /// The symbol of a name that is charged already or costs nothing; nil with `failure` set.
    ///
    /// - Parameter taken: the bytes outside the heap that the step takes at the same time.
    func symbol(ofCharged name: UnsafeBufferPointer<UInt8>, beside taken: Int = 0) -> UInt32? {
        let hash = state.pointee.symbols.hash(name)
        if let known = state.pointee.symbols.find(name, hash: hash) { return known }
        let bytes = state.pointee.symbols.growth(forLength: name.count)
        guard hasRoomOutsideHeap(taken &+ bytes), hasPermanentRoom(forName: name.count),
            let symbol = state.pointee.symbols.add(name, hash: hash)
        else {
            _ = failMemory()
            return nil
        }
        bringCollectionForward(bytes)
        return symbol
    }

    func symbol(ofCharged name: [UInt8]) -> UInt32? { name.withUnsafeBufferPointer { symbol(ofCharged: $0) } }

    /// Charges for looking a name up, where it is long.
    @inline(__always)
    func chargeName(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        _fastPath(name.count < Interpreter.bytesPerUnit) || charge(name.count / Interpreter.bytesPerUnit)
    }
}
