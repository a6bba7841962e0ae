/// A view of a union of a large set and a small one: the base, and the overlay, whose attributes hide those of the base.
///
/// Making such an object takes no copy of the base. The base may be a union in turn; the overlay never is. When all
/// attributes are needed in order, they are gathered in a set of their own, to which the object refers from then on:
/// its kind changes to `Kind.flattened`, and the collector replaces references to it.
///
/// No union has so few attributes that `Interpreter.lookup` would search it from end to end.
struct SetUnion: BitwiseCopyable {
    let object: Object

    @inline(__always) init(_ object: Object) { self.object = object }

    /// The words after the header: base, overlay and cost.
    static let words = 3
    static let bytes = 8 * (1 + words)

    /// The smallest set that becomes a base. Copying a smaller one takes less time than looking in two places later.
    static let minimumBase = 128
    /// The smallest base under stress, where unions are to be met everywhere.
    static let minimumBaseUnderStress = 9
    /// How many times as large as an overlay its base is at least. This bounds both the depth, which grows with the
    /// logarithm of the size, and how often an attribute is copied to the overlay below.
    static let ratio = 8
    static let ratioUnderStress = 2
    /// The attributes that are copied in the time of one lookup in an overlay.
    static let flattenedPerLookup = 8
    /// The most overlays above a set. A union of such a depth is flattened before another one is made of it.
    static let maximumDepth = 8

    /// The larger set, of any kind.
    @inline(__always) var base: Value { object.values[0] }
    /// The smaller set, of kind `Kind.attributes`.
    @inline(__always) var overlay: Value { object.values[1] }
    /// The number of overlays that lookups may have visited, as an integer. It decides when the union is flattened.
    @inline(__always) var cost: Value {
        get { object.values[2] }
        nonmutating set { object.values[2] = newValue }
    }
    /// The number of overlays.
    @inline(__always) var depth: Int { object.captureCount }

    /// Turns the object into a reference to the set of its attributes. The caller has stored the set as its first word.
    @inline(__always) func becomeFlattened() {
        object.values[1] = .null
        object.setKind(Kind.flattened)
    }
}

extension Object {
    /// The set that has the attributes of this one in one object, in the order of symbols. A union must have been
    /// flattened.
    @inline(__always) var flat: Object { _fastPath(kind == Kind.attributes) ? self : flattenedSet }

    private var flattenedSet: Object {
        guard kind == Kind.flattened else { fatalError("the attributes of a union are used before it is flattened") }
        return values[0].object
    }

    /// Whether the attributes of a set are in one object.
    @inline(__always) var isFlat: Bool { kind != Kind.union }
}

extension Value {
    /// The value itself, or the set that a flattened union refers to. Two sets are the same object in the sense of Nix
    /// if these are equal.
    @inline(__always) var withoutFlattened: Value {
        isAttributes && object.kind == Kind.flattened ? object.values[0] : self
    }
}
