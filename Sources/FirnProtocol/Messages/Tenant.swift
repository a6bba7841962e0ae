/// On whose behalf a client speaks: the unit of fairness, quotas and visibility.
public struct Tenant: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let name: String

    /// - Returns: nil unless the name is 1 to 63 characters of a to z, 0 to 9, `-`, `_` and `.`, the first a letter or
    ///   digit. So it fits into a user id, a file name and a metric's label unchanged.
    public init?(_ name: String) {
        guard Self.isName(name) else { return nil }
        self.name = name
    }

    public var description: String { name }
    public static func < (left: Tenant, right: Tenant) -> Bool { left.name < right.name }

    /// The rule for names of tenants and of keys.
    static func isName(_ text: String) -> Bool {
        let isAlphanumeric = { (byte: UInt8) in (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
        guard (1...63).contains(text.utf8.count), let first = text.utf8.first, isAlphanumeric(first) else {
            return false
        }
        return text.utf8.allSatisfy { isAlphanumeric($0) || [0x2D, 0x2E, 0x5F].contains($0) }
    }
}
