/// `genericClosure`: everything reachable from `startSet` through `operator`, each `key` once, in breadth-first order.
///
/// Keys of one type are hashed (`KeyTable`). Others are compared as `<` compares them and kept in a tree (`KeyTree`).
/// The nodes of either lie in the order of the result.
struct ClosureFrame: BuiltinFrame {
    /// The argument.
    @Held var set: AttributesRef
    /// The elements that were found; those from `head` up to `tail` are still to be looked at.
    @Held var queue: ArrayRef
    @Held var head: Int
    @Held var tail: Int
    /// How keys are found.
    @Held var keys: HashedKeys
    /// The places of the `KeyTable`, while keys are hashed.
    var table: Value
    /// The items of the table or the nodes of the tree, how many there are, and the root of the tree.
    @Held var nodes: ArrayRef
    @Held var nodeCount: Int
    @Held var root: Int
    @Held var phase: ClosurePhase
    /// While lists are compared: the side of `node` on which the key goes.
    @Held var isLeft: Bool
    /// While lists are compared: the node that the key was compared with, or will lie below.
    @Held var node: Int
}

/// What the answer at the top is about when a step begins.
enum ClosurePhase: Int, FramePhase {
    case begin
    /// There is none: the element at the head is to be looked at.
    case next
    /// It is what the operator gave for the item of the newest node.
    case operated
    /// Whether the element's key is less than that of the node.
    case descending
    /// Whether the key before it is less than the element's.
    case checking
}

/// What the operator gave, above the frame, while its elements are forced.
struct OperatorAnswer: BuiltinFrame {
    @Held var list: ListRef
    /// The element that is forced next.
    @Held var index: Int
}
