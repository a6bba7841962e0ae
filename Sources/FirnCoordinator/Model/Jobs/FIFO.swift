/// First in, first out. Adding and taking cost a constant, over many.
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
        // Half of the array at least is given up, so each element is moved once for each that was taken.
        if 2 * next >= elements.count {
            elements.removeFirst(next)
            next = 0
        }
        return first
    }

    /// Takes up to so many.
    mutating func removeFirst(_ most: Int) -> [Element] {
        var taken: [Element] = []
        while taken.count < most, let element = removeFirst() { taken.append(element) }
        return taken
    }
}
