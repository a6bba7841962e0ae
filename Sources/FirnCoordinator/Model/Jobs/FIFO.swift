/// A first-in, first-out queue. Adding and removing an element takes constant amortised time.
struct FIFO<Element: Sendable>: Sendable {
    private var elements: [Element?] = []
    private var next = 0

    var count: Int { elements.count - next }
    var isEmpty: Bool { count == 0 }
    var first: Element? { next < elements.count ? elements[next] : nil }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func removeFirst() -> Element? {
        guard let first else { return nil }
        elements[next] = nil
        next += 1
        // At least half of the array is removed, so each element is moved at most once for each one removed.
        if 2 * next >= elements.count {
            elements.removeFirst(next)
            next = 0
        }
        return first
    }

    /// Removes up to that many elements, in order.
    mutating func removeFirst(_ most: Int) -> [Element] {
        var taken: [Element] = []
        while taken.count < most, let element = removeFirst() { taken.append(element) }
        return taken
    }
}
