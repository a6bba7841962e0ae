/// Reads a vu128 operand.
@inline(__always)
func operand(_ pc: inout UnsafePointer<UInt8>) -> Int {
    let first = pc.pointee
    if _fastPath(first < 0x80) {
        pc += 1
        return Int(truncatingIfNeeded: first)
    }
    let (value, length) = wideOperand(pc)
    pc += length
    return value
}

@inline(never)
func wideOperand(_ pc: UnsafePointer<UInt8>) -> (Int, Int) {
    let first = Int(pc[0])
    if first < 0xC0 { return (first & 0x3F | Int(pc[1]) << 6, 2) }
    if first < 0xE0 { return (first & 0x1F | Int(pc[1]) << 5 | Int(pc[2]) << 13, 3) }
    if first < 0xF0 { return (first & 0x0F | Int(pc[1]) << 4 | Int(pc[2]) << 12 | Int(pc[3]) << 20, 4) }
    let count = first & 0x0F + 1
    var value = 0
    for index in 0..<min(count, 8) { value |= Int(pc[1 &+ index]) &<< (8 &* index) }
    return (value, 1 &+ count)
}

/// Reads a signed operand, which is zigzag encoded.
@inline(__always)
func signedOperand(_ pc: inout UnsafePointer<UInt8>) -> Int {
    let value = UInt(bitPattern: operand(&pc))
    return Int(bitPattern: value &>> 1) ^ (0 &- Int(bitPattern: value & 1))
}

/// The target of a jump, whose four-byte offset is at `pc`.
@inline(__always)
func jumpTarget(_ pc: UnsafePointer<UInt8>) -> UnsafePointer<UInt8> {
    pc + 4 + Int(UnsafeRawPointer(pc).loadUnaligned(as: UInt32.self))
}
