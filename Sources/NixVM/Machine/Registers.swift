/// The registers of the virtual machine. The loop keeps them in local variables, and stores them when other code must
/// see them.
struct Registers: BitwiseCopyable {
    var pc: UnsafePointer<UInt8>
    /// The first free slot of the stack.
    var sp: Slot
    /// The first slot of the current frame.
    var bp: Slot
    var fp: UnsafeMutablePointer<Frame>
    /// The closure or thunk being run. Its captures are the upvalues.
    var env: Object
    /// The first free byte of the nursery.
    var hp: UnsafeMutableRawPointer
    /// The tables of the current chunk's program.
    var tables: UnsafePointer<ProgramTables>

    @inline(__always)
    mutating func push(_ value: Value) {
        sp.pointee = value
        sp += 1
    }

    /// Pushes a frame that returns to `pc` in the current code.
    @inline(__always)
    mutating func pushFrame(pc: UnsafePointer<UInt8>, update: UInt) {
        fp.pointee = Frame(pc: pc, bp: bp, env: env, tables: tables, update: update)
        fp += 1
    }

    /// Continues at the start of the code of a closure or thunk.
    @inline(__always)
    mutating func enter(_ closure: Object, _ chunk: UnsafePointer<LoadedChunk>) {
        env = closure
        tables = chunk.pointee.tables
        pc = chunk.pointee.code
    }
}
