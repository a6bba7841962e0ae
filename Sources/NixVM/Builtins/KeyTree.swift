/// A red-black tree of keys in an array of the heap.
///
/// It grows as the tree of C++'s `std::map` does, so that keys meet in the same order: where two have no order, the same
/// two are found. It borrows the heap: it holds until something is reserved.
struct KeyTree {
    /// Values of a node: key, left, right, twice the parent and 1 more for red, item.
    static let stride = 5
    static let none = -1

    let interpreter: Interpreter
    private let nodes: Slot
    /// What holds the root and the number of nodes.
    private let frame: UnsafeMutablePointer<ClosureFrame>

    @inline(__always)
    init(interpreter: Interpreter, frame: UnsafeMutablePointer<ClosureFrame>) {
        self.interpreter = interpreter
        self.frame = frame
        nodes = frame.pointee.nodes.elements
    }

    func key(_ node: Int) -> Value { nodes[node * KeyTree.stride] }
    func item(_ node: Int) -> Value { nodes[node * KeyTree.stride + 4] }
    func left(_ node: Int) -> Int { nodes[node * KeyTree.stride + 1].small }
    func right(_ node: Int) -> Int { nodes[node * KeyTree.stride + 2].small }
    private func parent(_ node: Int) -> Int { nodes[node * KeyTree.stride + 3].small >> 1 }
    private func isRed(_ node: Int) -> Bool { node != KeyTree.none && nodes[node * KeyTree.stride + 3].small & 1 != 0 }

    private func set(_ node: Int, left child: Int) { nodes[node * KeyTree.stride + 1] = Value(small: child) }
    private func set(_ node: Int, right child: Int) { nodes[node * KeyTree.stride + 2] = Value(small: child) }
    private func set(_ node: Int, parent: Int, red: Bool) {
        nodes[node * KeyTree.stride + 3] = Value(small: parent << 1 | (red ? 1 : 0))
    }
    private func set(_ node: Int, red: Bool) { set(node, parent: parent(node), red: red) }
    private func set(_ node: Int, parent: Int) { set(node, parent: parent, red: isRed(node)) }

    /// The node with the smallest key.
    var first: Int {
        var node = frame.pointee.root
        while node != KeyTree.none, left(node) != KeyTree.none { node = left(node) }
        return node
    }

    /// Adds a key that differs from all others and can be compared with them; false with `failure` set when the
    /// evaluation must stop.
    func add(_ key: Value, item: Value) -> Bool {
        var node = frame.pointee.root
        var parent = KeyTree.none
        var isLeft = true
        while node != KeyTree.none {
            guard let less = interpreter.isLess(key, self.key(node)) else { return false }
            (parent, isLeft) = (node, less)
            node = less ? left(node) : right(node)
        }
        insert(key, item: item, parent: parent, isLeft: isLeft)
        return true
    }

    func successor(_ node: Int) -> Int { neighbour(node, right, left) }
    func predecessor(_ node: Int) -> Int { neighbour(node, left, right) }

    private func neighbour(_ node: Int, _ toward: (Int) -> Int, _ away: (Int) -> Int) -> Int {
        var next = toward(node)
        if next != KeyTree.none {
            while away(next) != KeyTree.none { next = away(next) }
            return next
        }
        var child = node
        next = parent(node)
        while next != KeyTree.none, toward(next) == child {
            child = next
            next = parent(next)
        }
        return next
    }

    /// Adds a node, which there is room for, below another.
    func insert(_ key: Value, item: Value, parent: Int, isLeft: Bool) {
        let node = frame.pointee.nodeCount
        frame.pointee.nodeCount = node + 1
        interpreter.write(key, to: nodes + node * KeyTree.stride)
        interpreter.write(item, to: nodes + (node * KeyTree.stride + 4))
        set(node, left: KeyTree.none)
        set(node, right: KeyTree.none)
        set(node, parent: parent, red: true)
        if parent == KeyTree.none {
            frame.pointee.root = node
        } else if isLeft {
            set(parent, left: node)
        } else {
            set(parent, right: node)
        }
        rebalance(node)
    }

    private func rebalance(_ inserted: Int) {
        var node = inserted
        while isRed(parent(node)) {
            let above = parent(parent(node))
            let isLeft = parent(node) == left(above)
            let uncle = isLeft ? right(above) : left(above)
            if isRed(uncle) {
                set(parent(node), red: false)
                set(uncle, red: false)
                set(above, red: true)
                node = above
                continue
            }
            if node == (isLeft ? right(parent(node)) : left(parent(node))) {
                node = parent(node)
                rotate(node, toLeft: isLeft)
            }
            set(parent(node), red: false)
            set(above, red: true)
            rotate(above, toLeft: !isLeft)
        }
        set(frame.pointee.root, red: false)
    }

    private func rotate(_ node: Int, toLeft: Bool) {
        let child = toLeft ? right(node) : left(node)
        let inner = toLeft ? left(child) : right(child)
        if toLeft { set(node, right: inner) } else { set(node, left: inner) }
        if inner != KeyTree.none { set(inner, parent: node) }
        let above = parent(node)
        set(child, parent: above)
        if above == KeyTree.none {
            frame.pointee.root = child
        } else if left(above) == node {
            set(above, left: child)
        } else {
            set(above, right: child)
        }
        if toLeft { set(child, left: node) } else { set(child, right: node) }
        set(node, parent: child)
    }
}
