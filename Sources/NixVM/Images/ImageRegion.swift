/// Where an image lies in the address space. Objects refer to one another by address, so an image is used where it was
/// made.
///
/// The regions are in a part of the address space that Linux gives to nobody who does not ask for it: programs, libraries
/// and stacks are far above, and what is mapped anywhere is placed from the stacks downwards.
public struct ImageRegion: Sendable, Equatable {
    /// The address at which the permanent range begins.
    public let base: UInt

    /// The size of a region: a quarter for the permanent range, half for objects, a quarter for the tables of programs.
    static let byteCount: UInt = 1 << 37
    private static let first: UInt = 0x1000_0000_0000
    /// The number of regions. Images with different ones can be used by one process at the same time.
    static let count: UInt = 512

    public init(base: UInt) { self.base = base }

    /// The region of an image, which follows from the digest that names it.
    public init(identity: [UInt8]) {
        let number = identity.prefix(8).reduce(UInt(0)) { $0 &<< 8 | UInt($1) }
        base = Self.first + number % Self.count * Self.byteCount
    }

    /// Whether the base is that of a region.
    var isValid: Bool {
        base >= Self.first && (base - Self.first) % Self.byteCount == 0
            && (base - Self.first) / Self.byteCount < Self.count
    }

    var objects: UInt { base + Self.byteCount / 4 }
    var tables: UInt { base + Self.byteCount / 4 * 3 }

    /// The most bytes of each part.
    static let permanentBytes = Int(byteCount / 4)
    static let objectBytes = Int(byteCount / 2)
    static let tableBytes = Int(byteCount / 4)
}
