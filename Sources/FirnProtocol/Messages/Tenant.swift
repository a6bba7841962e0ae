/// The party on whose behalf clients act. It is the unit of fairness, quotas and visibility.
public struct Tenant: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let name: String

    /// - Returns: nil unless the name is 1 to 63 characters of a to z, 0 to 9, `-`, `_` and `.`, of which the first is
    ///   a letter or digit. Such a name can be used unchanged in a user id, a file name and a metric's label.
    public init?(_ name: String) {
        guard Self.isName(name) else { return nil }
        self.name = name
    }

    public var description: String { name }
    public static func < (left: Tenant, right: Tenant) -> Bool { left.name < right.name }

    /// The rule for the names of tenants and keys.
    static func isName(_ text: String) -> Bool {
        let isAlphanumeric = { (byte: UInt8) in (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
        guard (1...63).contains(text.utf8.count), let first = text.utf8.first, isAlphanumeric(first) else {
            return false
        }
        return text.utf8.allSatisfy { isAlphanumeric($0) || [0x2D, 0x2E, 0x5F].contains($0) }
    }
}
