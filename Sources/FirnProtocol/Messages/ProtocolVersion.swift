/// The version of the Firn protocol that this code implements; protocol/firn-1.md describes it.
public enum ProtocolVersion {
    public static let current: UInt8 = 1
    public static let supported: [UInt8] = [1]
}
