/// Checks that the state of a machine is as the loop, the collector and the builtins assume.
///
/// Nothing is trusted before it is checked: an address must be in a range that is in use before it is read, and a size
/// must be in bounds before it is walked. So a corrupt heap is reported and does not crash the process.
struct HeapChecker {
    let interpreter: Interpreter
    let registers: Registers
    let codes: CodeMap

    /// - Parameter registers: The registers of the loop, which need not be stored in the state.
    init(_ interpreter: Interpreter, _ registers: Registers, _ codes: CodeMap) {
        self.interpreter = interpreter
        self.registers = registers
        self.codes = codes
    }

    var state: UnsafeMutablePointer<MachineState> { interpreter.state }

    /// The number of slots and contents checked after each instruction.
    private static let window = 16

    /// Checks what a single instruction can have touched.
    func checkStep() throws(Violation) {
        try checkRegisters()
        try checkTopFrame()
        let isBuiltin = registers.env == state.pointee.machineEnv
        var slot = max(registers.bp, registers.sp - Self.window)
        while slot < registers.sp {
            try check(slot.pointee, isBuiltin ? .builtinSlot : .slot)
            if slot.pointee.isObject { try checkContents(slot.pointee.object, limit: Self.window) }
            slot += 1
        }
        try checkContents(registers.env, limit: Self.window)
        try checkNewestRemembered()
    }

    /// Checks everything reachable, and the caches.
    func checkAll() throws(Violation) {
        try checkRegisters()
        try checkFrames()
        try checkStack()
        var walk = try HeapWalk(self)
        try walk.addRoots()
        try walk.run()
        try checkCaches()
        try checkSymbols()
    }

    /// The ranges that contain objects.
    enum Region: String {
        case nursery, old, permanent, image
    }

    /// The range in use that contains an address, or nil.
    func region(of address: UInt) -> Region? {
        let heap = state.pointee.heap
        if address >= UInt(bitPattern: state.pointee.nurseryStart), address < UInt(bitPattern: registers.hp) {
            return .nursery
        }
        if address >= UInt(bitPattern: heap.oldStart), address < UInt(bitPattern: heap.oldTop) { return .old }
        if address >= UInt(bitPattern: heap.permanent), address < UInt(bitPattern: heap.permanentTop) {
            return .permanent
        }
        return interpreter.isInImage(address) ? .image : nil
    }

    private func end(of region: Region) -> UInt {
        switch region {
        case .nursery: UInt(bitPattern: registers.hp)
        case .old: UInt(bitPattern: state.pointee.heap.oldTop)
        case .permanent: UInt(bitPattern: state.pointee.heap.permanentTop)
        case .image: UInt(bitPattern: state.pointee.heap.imageObjects + state.pointee.heap.imageBytes)
        }
    }

    /// Checks that an object is of a known kind and lies completely in a range in use. The result is the range.
    @discardableResult
    func checkRange(_ object: Object) throws(Violation) -> Region {
        let address = UInt(bitPattern: object)
        guard address & 7 == 0, let region = region(of: address) else {
            throw Violation(.ranges, "an object at \(hex(address)), outside the ranges in use")
        }
        guard object.kind <= Kind.last, object.kind != Kind.forward else {
            throw Violation(
                .kinds, "an object in the range '\(region.rawValue)' with the header \(hex(UInt(object[0])))")
        }
        guard (end(of: region) - address) / 8 >= UInt(object.size) else {
            throw Violation(
                .ranges,
                "\(name(object)) of \(object.size) words extends beyond the end of the range '\(region.rawValue)'")
        }
        return region
    }

    func hex(_ number: UInt) -> String { "0x" + String(number, radix: 16) }

    /// The kind of an object, in words.
    func name(_ object: Object) -> String {
        let names = [
            "a thunk", "a thunk being forced", "a thunk with its value", "a closure", "a partial application", "a list",
            "a set", "a layout", "a string", "a path", "a float", "an integer", "a link of a with chain", "bytes",
            "an array", "a moved object", "a failed thunk", "a union of sets", "a flattened union",
        ]
        return object.kind < names.count ? names[Int(object.kind)] : "an object of kind \(object.kind)"
    }
}
