/// Variable-length unsigned integers in the vu128 encoding.
///
/// - Below 2^7: one byte, the value itself.
/// - Below 2^28: a prefix varint of two to four bytes. The high bits of the first byte (`10`, `110`, `1110`) give the
///   number of bytes that follow; its other bits are the lowest of the value, and the following bytes are the rest,
///   little-endian.
/// - From 2^28: a byte `0xF0 | (n - 1)`, then the n lowest bytes of the value, little-endian.
///
/// Only the shortest encoding of a value is accepted. The original encoding reaches up to 2^128, this one up to 2^64.
public enum VU128 {
    /// Why bytes are not a canonical integer.
    public enum Failure: Error, Hashable, Sendable {
        /// The bytes end within the integer.
        case truncated
        /// A shorter encoding of the same value exists.
        case notCanonical
        /// The value is 2^64 or more.
        case overflow
    }

    /// Appends the encoding of a value.
    public static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        if value < 1 << 7 {
            bytes.append(UInt8(value))
        } else if value < 1 << 14 {
            bytes.append(0x80 | UInt8(value & 0x3F))
            bytes.append(UInt8(value >> 6))
        } else if value < 1 << 28 {
            appendPrefixed(value, to: &bytes)
        } else {
            let count = 8 - value.leadingZeroBitCount / 8
            bytes.append(0xF0 | UInt8(count - 1))
            appendLow(value, count, to: &bytes)
        }
    }

    /// The number of bytes of a value's encoding, from 1 to 9.
    public static func size(of value: UInt64) -> Int {
        if value < 1 << 7 { return 1 }
        if value < 1 << 14 { return 2 }
        if value < 1 << 21 { return 3 }
        if value < 1 << 28 { return 4 }
        return 9 - value.leadingZeroBitCount / 8
    }

    /// Decodes an integer and advances the offset past it.
    ///
    /// - Parameters:
    ///   - bytes: the bytes to decode.
    ///   - offset: the non-negative offset of the integer; unchanged if an error is thrown.
    /// - Returns: the value.
    /// - Throws: the reason why the bytes are not a canonical integer.
    public static func decode(_ bytes: [UInt8], at offset: inout Int) throws(Failure) -> UInt64 {
        guard offset < bytes.count else { throw .truncated }
        let first = bytes[offset]
        if first < 0x80 {
            offset += 1
            return UInt64(first)
        }
        let more = followers(first)
        guard bytes.count - offset > more else { throw .truncated }
        guard more <= 8 else { throw .overflow }
        var rest: UInt64 = 0
        for index in 0..<more {
            rest |= UInt64(bytes[offset + 1 + index]) << UInt64(8 * index)
        }
        let value = join(first, rest)
        guard size(of: value) == more + 1 else { throw .notCanonical }
        offset += more + 1
        return value
    }

    /// Decodes an integer of verified code without any checks, and advances the offset past it. It reads no byte behind
    /// the integer.
    @inlinable @inline(__always)
    @unsafe public static func decodeVerified(_ code: UnsafePointer<UInt8>, at offset: inout Int) -> UInt64 {
        let first = unsafe code[offset]
        if first < 0x80 {
            offset &+= 1
            return UInt64(first)
        }
        return unsafe decodeLong(code, at: &offset)
    }

    /// Maps signed integers to unsigned ones so that small magnitudes stay small: 0, -1, 1, -2 become 0, 1, 2, 3.
    @inlinable
    public static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }

    /// The inverse of `zigzag`.
    @inlinable
    public static func unzigzag(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ (0 &- Int64(bitPattern: value & 1))
    }

    /// Decodes an integer of more than one byte for `decodeVerified`.
    @usableFromInline @unsafe
    static func decodeLong(_ code: UnsafePointer<UInt8>, at offset: inout Int) -> UInt64 {
        let first = unsafe code[offset]
        let more = followers(first)
        var rest: UInt64 = 0
        for index in 0..<more {
            rest |= unsafe UInt64(code[offset &+ 1 &+ index]) << UInt64(8 &* index)
        }
        offset &+= more &+ 1
        return join(first, rest)
    }

    /// The number of bytes that follow a first byte of 0x80 or more.
    private static func followers(_ first: UInt8) -> Int {
        first < 0xF0 ? (~first).leadingZeroBitCount : Int(first & 0x0F) + 1
    }

    /// The value of a first byte of 0x80 or more and the bytes that follow it.
    private static func join(_ first: UInt8, _ rest: UInt64) -> UInt64 {
        if first >= 0xF0 { return rest }
        let lowBits = 7 - (~first).leadingZeroBitCount
        return rest << UInt64(lowBits) | UInt64(first) & ((1 << UInt64(lowBits)) - 1)
    }

    private static func appendPrefixed(_ value: UInt64, to bytes: inout [UInt8]) {
        if value < 1 << 21 {
            bytes.append(0xC0 | UInt8(value & 0x1F))
            appendLow(value >> 5, 2, to: &bytes)
        } else {
            bytes.append(0xE0 | UInt8(value & 0x0F))
            appendLow(value >> 4, 3, to: &bytes)
        }
    }

    private static func appendLow(_ value: UInt64, _ count: Int, to bytes: inout [UInt8]) {
        for index in 0..<count {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
        }
    }
}
