/// The source of a capture, as a number whose two low bits are the kind.
public struct Position: Hashable, Sendable {
    /// What the index of a position refers to.
    public enum Kind: UInt8, Sendable {
        /// A filled slot of the frame that makes the object.
        case local = 0
        /// A slot that is not filled yet. The capture is null until `finalise` sets it.
        case deferred = 1
        /// An upvalue of the frame that makes the object.
        case upvalue = 2
        /// No value: the outer end of a `with` chain.
        case none = 3
    }

    public var rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public init(_ kind: Kind, _ index: Int) {
        rawValue = UInt64(truncatingIfNeeded: index) << 2 | UInt64(kind.rawValue)
    }

    public static let none = Position(.none, 0)
    /// A filled slot.
    public static func local(_ slot: Int) -> Position { Position(.local, slot) }
    /// A slot that is not filled yet.
    public static func deferred(_ slot: Int) -> Position { Position(.deferred, slot) }
    /// An upvalue.
    public static func upvalue(_ index: Int) -> Position { Position(.upvalue, index) }

    public var kind: Kind { Kind(rawValue: UInt8(rawValue & 3)) ?? .none }
    public var index: Int { Int(truncatingIfNeeded: rawValue >> 2) }
}

/// Which values `coerceToString` accepts besides strings, and how it treats paths.
public struct Coercion: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Numbers, booleans, null and lists are coerced, too, as by `toString`.
    public static let any = Coercion(rawValue: 1)
    /// Paths are copied to the store and become store paths, as in interpolations.
    public static let copyToStore = Coercion(rawValue: 2)
}
