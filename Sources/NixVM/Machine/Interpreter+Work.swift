/// Work whose amount a program decides: how it is charged, and how it polls.
///
/// Every loop of the machine's own charges its fuel before it begins, in proportion to sizes that the program made, and
/// can be interrupted within about a millisecond. A step that answers `.collect` runs again, and when that happens
/// depends on the heap. So a step reserves first and charges afterwards.
extension Interpreter {
    /// The bytes that are compared or copied for one unit of fuel.
    static var bytesPerUnit: Int { 256 }
    /// The bytes that are compared or copied between two polls.
    static var blockBytes: Int { 1 << 20 }
    /// The elements that are visited between two polls.
    static var blockElements: Int { 1 << 14 }

    /// Checks deadline and cancellation. The result is false, with `failure` set, when the evaluation must stop.
    @inline(never)
    func poll() -> Bool {
        guard let cause = machine.interruption() else { return true }
        return failInterrupted(cause)
    }

    /// Polls once in `blockElements` iterations of a loop.
    @inline(__always)
    func poll(at index: Int) -> Bool {
        _fastPath(index & (Interpreter.blockElements &- 1) != 0) || index == 0 || poll()
    }

    /// Copies values that were charged for. The result is false, with `failure` set, when the evaluation must stop.
    @inline(__always)
    func copy(_ source: Slot, to target: Slot, count: Int) -> Bool {
        if _slowPath(count > Interpreter.blockElements) { return copyBlocks(source, to: target, count: count) }
        target.update(from: source, count: count)
        return true
    }

    @inline(never)
    private func copyBlocks(_ source: Slot, to target: Slot, count: Int) -> Bool {
        var start = 0
        while start < count {
            let length = min(Interpreter.blockElements, count &- start)
            (target + start).update(from: source + start, count: length)
            start &+= length
            if !poll() { return false }
        }
        return true
    }

    /// Sorts in place. When the evaluation must stop, the result is false with `failure` set, and the order is
    /// unspecified.
    ///
    /// - Parameter precedes: A strict weak ordering. It must not call a function of the program.
    @inline(__always)
    func sort<Element>(
        _ elements: inout UnsafeMutableBufferPointer<Element>, by precedes: (Element, Element) -> Bool
    ) -> Bool {
        // So few elements take fewer than `blockElements` comparisons, so there is no need to poll.
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

    /// Compares two byte strings as `compareBytes` does, and charges for the length of the shorter one as it is
    /// compared. The result is nil, with `failure` set, when the evaluation must stop.
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

    /// Whether two strings or paths have the same bytes. The result is nil, with `failure` set, when the evaluation
    /// must stop.
    @inline(__always)
    func equalBytes(_ a: Value, _ b: Value) -> Bool? {
        if a.object.field != b.object.field { return false }
        guard let order = compare(a.object.byteBuffer, b.object.byteBuffer) else { return nil }
        return order == 0
    }

    /// Copies bytes that were charged for. The result is false, with `failure` set, when the evaluation must stop.
    @inline(__always)
    func copy(_ source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, count: Int) -> Bool {
        if _slowPath(count > Interpreter.blockBytes) { return copyBlocks(source, to: target, count: count) }
        target.update(from: source, count: count)
        return true
    }

    @inline(never)
    private func copyBlocks(
        _ source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, count: Int
    ) -> Bool {
        var start = 0
        while start < count {
            let length = min(Interpreter.blockBytes, count &- start)
            (target + start).update(from: source + start, count: length)
            start &+= length
            if !poll() { return false }
        }
        return true
    }

    /// Reserves `bytes` for text that is made outside the heap and lives as long as the step, and charges for it. The
    /// result is the step to answer when a limit forbids it, or when the step must run again first.
    func admitText(_ bytes: Int) -> Step? {
        guard reserveOutside(bytes) else { return .collect }
        return charge(1 &+ bytes / Interpreter.bytesPerUnit) ? nil : .error
    }

    /// The same for a string that becomes the message of a failure, which is copied several times on its way to the
    /// reader.
    func admitMessage(_ string: Value) -> Step? { admitText(6 * string.object.field) }

    /// The symbol of a name that the program made. It is charged by its length, and its memory counts if it is new. The
    /// result is nil, with `failure` set, when a limit forbids it.
    func symbol(of name: UnsafeBufferPointer<UInt8>) -> UInt32? {
        guard chargeName(name) else { return nil }
        let hash = state.pointee.symbols.hash(name)
        if let known = state.pointee.symbols.find(name, hash: hash) { return known }
        let bytes = state.pointee.symbols.growth(forLength: name.count)
        guard hasRoomOutsideHeap(bytes), let symbol = state.pointee.symbols.add(name, hash: hash) else {
            _ = failMemory()
            return nil
        }
        bringCollectionForward(bytes)
        return symbol
    }

    /// Charges for looking up a name, if it is long.
    @inline(__always)
    func chargeName(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        _fastPath(name.count < Interpreter.bytesPerUnit) || charge(name.count / Interpreter.bytesPerUnit)
    }
}
