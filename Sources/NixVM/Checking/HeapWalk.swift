/// Visits everything that the collector would visit, and checks each object once.
struct HeapWalk {
    private let checker: HeapChecker
    private var pending: [Object] = []
    /// One bit for each word of the ranges in use.
    private var visited: [UInt64]
    private let remembered: Set<UInt>
    /// The written slots of the image.
    private let imageWrites: Set<UInt>
    /// Whether the marks of deep forces must be right now, because none is running.
    private let checksDepth: Bool

    init(_ checker: HeapChecker) throws(Violation) {
        self.checker = checker
        let state = checker.interpreter.state
        let heap = state.pointee.heap
        let bytes =
            (checker.registers.hp - state.pointee.nurseryStart) + heap.oldBytes + heap.permanentBytes
            + heap.imageBytes
        visited = [UInt64](repeating: 0, count: bytes / 512 + 1)
        remembered = try checker.rememberedEntries()
        imageWrites = Set((0..<state.pointee.imageWrites.count).map { state.pointee.imageWrites[$0] })
        checksDepth = !checker.isForcingDeeply
    }

    mutating func addRoots() throws(Violation) {
        let state = checker.interpreter.state
        var slot = state.pointee.stackBase
        while slot < checker.registers.sp {
            add(slot.pointee)
            slot += 1
        }
        var frame = state.pointee.framesBase
        while frame < checker.registers.fp {
            pending.append(frame.pointee.env)
            if let thunk = Object(bitPattern: frame.pointee.update & ~7) { pending.append(thunk) }
            frame += 1
        }
        pending.append(checker.registers.env)
        for index in 0..<state.pointee.rootCount { try addRoot(state.pointee.roots[index]) }
        for value in [state.pointee.result, state.pointee.pending, state.pointee.unionToFlatten] { try addRoot(value) }
        for value in checker.interpreter.machine.globals.values { try addRoot(value) }
        try checker.interpreter.machine.store.elements.forEach { _, entry throws(Violation) in
            if entry.context != 0 { try addRoot(Value(bits: entry.context)) }
        }
        try addPrograms()
    }

    private mutating func addPrograms() throws(Violation) {
        for program in checker.interpreter.machine.programs.present {
            for index in 0..<program.constants.count where program.constants.base[index].bits != 0 {
                try addRoot(program.constants.base[index])
            }
        }
    }

    private mutating func addRoot(_ value: Value) throws(Violation) {
        try checker.check(value, .root)
        add(value)
    }

    private mutating func add(_ value: Value) {
        if value.isObject { pending.append(value.object) }
    }

    /// Checks objects until none is left.
    mutating func run() throws(Violation) {
        while let object = pending.popLast() {
            let region = try checker.checkRange(object)
            guard isFirstVisit(object, region) else { continue }
            try checker.checkContents(object)
            try visit(object, region)
            if checksDepth { try checkDepth(object) }
        }
    }

    private mutating func isFirstVisit(_ object: Object, _ region: HeapChecker.Region) -> Bool {
        let state = checker.interpreter.state
        let heap = state.pointee.heap
        let address = UnsafeMutableRawPointer(object)
        let fresh = checker.registers.hp - state.pointee.nurseryStart
        let offset: Int
        switch region {
        case .permanent: offset = address - heap.permanent
        case .old: offset = heap.permanentBytes + (address - heap.oldStart)
        case .image: offset = heap.permanentBytes + heap.oldBytes + fresh + (address - heap.imageObjects)
        case .nursery: offset = heap.permanentBytes + heap.oldBytes + (address - state.pointee.nurseryStart)
        }
        let bit = UInt64(1) << UInt64(offset / 8 & 63)
        if visited[offset / 512] & bit != 0 { return false }
        visited[offset / 512] |= bit
        return true
    }

    /// Checks the references of an object, and follows them.
    private mutating func visit(_ object: Object, _ region: HeapChecker.Region) throws(Violation) {
        let isKnownArray = object.kind == Kind.array && object[0] & Object.rememberedFlag != 0
        if isKnownArray != remembered.contains(UInt(bitPattern: object) | 1), object.kind == Kind.array {
            throw Violation(.remembered, "an array whose mark and entry do not agree")
        }
        let shape = object.shape
        let first = object.references(shape)
        for slot in first..<(first + shape.references) {
            let value = slot.pointee
            guard value.isObject, value.bits > 7 else { continue }
            try checkDirection(value.object, slot, in: object, region, isKnownArray)
            pending.append(value.object)
        }
    }

    private func checkDirection(
        _ target: Object, _ slot: Slot, in object: Object, _ region: HeapChecker.Region, _ isKnownArray: Bool
    ) throws(Violation) {
        let targetRegion = try checker.checkRange(target)
        if region == .permanent, targetRegion != .permanent {
            throw Violation(.permanent, "permanent \(checker.name(object)) refers to \(checker.name(target))")
        }
        if region == .image, targetRegion == .nursery || targetRegion == .old,
            !imageWrites.contains(UInt(bitPattern: slot))
        {
            throw Violation(
                .remembered, "\(checker.name(object)) of the image refers to \(checker.name(target)) unnoted")
        }
        if region == .old || region == .image, targetRegion == .nursery, !isKnownArray,
            !remembered.contains(UInt(bitPattern: slot))
        {
            throw Violation(
                .remembered, "old \(checker.name(object)) refers to new \(checker.name(target)), and is not remembered")
        }
    }

    /// Checks that what is in a container marked by a deep force is forced, and is marked itself if it is a container.
    private func checkDepth(_ object: Object) throws(Violation) {
        guard object.kind == Kind.list || object.kind == Kind.attributes, object[0] & Object.deepFlag != 0 else {
            return
        }
        let elements = object.kind == Kind.list ? object.values : object.attributeValues
        for index in 0..<object.field {
            let value = elements[index].dereferenced.withoutFlattened
            let isOpen = (value.isList || value.isAttributes) && value.object.field > 0
            if value.isThunk || isOpen && value.object[0] & Object.deepFlag == 0 {
                throw Violation(
                    .deepFlags, "\(checker.name(object)) marked as forced in depth holds \(checker.name(value.object))")
            }
        }
    }
}
