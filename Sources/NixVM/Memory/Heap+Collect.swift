import Glibc

/// Cheney's copying collection. Runs only between instructions or steps, when every live value lies on the machine's
/// stack, in its frames or among its roots.
extension VM {
    /// Moves what is alive to the other space and leaves room for `need` bytes; false when the memory limit forbids it.
    @inline(never)
    func collect(need: Int) -> Bool {
        let state = s
        let start = monotonicNanoseconds()
        let from = state.pointee.heap.current
        let fromEnd = state.pointee.r.hp
        let used = fromEnd - from
        let to = state.pointee.heap.idle
        if state.pointee.stress { mprotect(to, Heap.spaceSize, PROT_READ | PROT_WRITE) }
        var collector = Collector(from: from, fromEnd: fromEnd, free: to)
        copyRoots(&collector)
        collector.scan(from: to)
        let live = collector.free - to
        state.pointee.heap.firstIsCurrent.toggle()
        state.pointee.r.hp = collector.free
        state.pointee.heap.statistics.allocatedBytes += used - state.pointee.liveBytes
        state.pointee.heap.statistics.collections += 1
        state.pointee.heap.statistics.copiedBytes += live
        state.pointee.heap.statistics.peakBytes = max(state.pointee.heap.statistics.peakBytes, used + live)
        // Whether most of what was allocated since the last collection is alive.
        let isGrowing = (live - state.pointee.liveBytes) * 2 > used - state.pointee.liveBytes
        state.pointee.liveBytes = live
        state.pointee.resetCaches()
        releaseIdle(from, used: used)
        state.pointee.heap.statistics.nanoseconds &+= monotonicNanoseconds() &- start
        return setLimit(live: live, need: need, isGrowing: isGrowing)
    }

    private func copyRoots(_ collector: inout Collector) {
        let state = s
        collector.copy(from: state.pointee.stackBase, count: state.pointee.r.sp - state.pointee.stackBase)
        var frame = state.pointee.framesBase
        while frame < state.pointee.r.fp {
            frame.pointee.env = collector.moved(frame.pointee.env)
            if frame.pointee.update > 7 {
                let object = Object(bitPattern: frame.pointee.update & ~7).unsafelyUnwrapped
                frame.pointee.update =
                    UInt(bitPattern: collector.moved(object)) | frame.pointee.update & 7
            }
            frame += 1
        }
        state.pointee.r.env = collector.moved(state.pointee.r.env)
        collector.copy(from: state.pointee.roots, count: state.pointee.rootCount)
        state.pointee.result = collector.moved(state.pointee.result)
        state.pointee.pending = collector.moved(state.pointee.pending)
    }

    /// Gives the pages of the space just left back to the system, but for what the next collection will likely need.
    private func releaseIdle(_ space: UnsafeMutableRawPointer, used: Int) {
        if s.pointee.stress {
            mprotect(space, Heap.spaceSize, PROT_NONE)
            return
        }
        // As much as is alive now: until the next collection fills them, these pages add nothing to the peak.
        let keep = max(8 << 20, s.pointee.liveBytes) & ~0xFFFFF
        let resident = max(used, s.pointee.heap.idleResident)
        if resident > keep {
            madvise(space + keep, (resident - keep + 0xFFFF) & ~0xFFFF, MADV_DONTNEED)
        }
        s.pointee.heap.idleResident = 0
    }

    /// Sets where the next collection happens: after as much again as is alive, at least 6 MiB, and never so late that
    /// both spaces could pass the memory limit together. While nearly all that is made stays alive, collecting finds
    /// little: then after twice as much.
    private func setLimit(live: Int, need: Int, isGrowing: Bool) -> Bool {
        let state = s
        let room = state.pointee.stress ? need : max(6 << 20, isGrowing ? live * 2 : live, stackBytes) + need
        var window = live + room
        if let limit = state.pointee.memoryLimit {
            let most = max(0, limit - stackBytes - state.pointee.heap.permanentBytes) / 2
            if live + need > most { return false }
            window = min(window, most)
        }
        window = min(window, Heap.spaceSize)
        if live + need > window { return false }
        state.pointee.hpLimit = state.pointee.heap.current + window
        return true
    }

    /// Bytes of stack and frames in use.
    var stackBytes: Int {
        (UnsafeMutableRawPointer(s.pointee.r.sp) - UnsafeMutableRawPointer(s.pointee.stackBase))
            + (UnsafeMutableRawPointer(s.pointee.r.fp) - UnsafeMutableRawPointer(s.pointee.framesBase))
    }
}

/// The state of one collection.
struct Collector {
    let from: UInt
    let fromEnd: UInt
    var free: UnsafeMutableRawPointer

    init(from: UnsafeMutableRawPointer, fromEnd: UnsafeMutableRawPointer, free: UnsafeMutableRawPointer) {
        self.from = UInt(bitPattern: from)
        self.fromEnd = UInt(bitPattern: fromEnd)
        self.free = free
    }

    /// The object's new address, moving it if this is the first visit.
    @inline(__always)
    mutating func moved(_ object: Object) -> Object {
        let address = UInt(bitPattern: object)
        if address < from || address >= fromEnd { return object }
        let header = object[0]
        if header & 0xFF == Kind.forward { return Object(bitPattern: UInt(header &>> 8)).unsafelyUnwrapped }
        let size = object.size
        let copy = free.assumingMemoryBound(to: UInt64.self)
        copy[0] = header
        var index = 1
        while index < size {
            copy[index] = object[index]
            index &+= 1
        }
        free += size &* 8
        object[0] = UInt64(UInt(bitPattern: copy)) &<< 8 | Kind.forward
        return copy
    }

    /// The value with its object moved; a thunk that has its value is replaced by it.
    @inline(__always)
    mutating func moved(_ value: Value) -> Value {
        if !value.isObject || value.bits & ~7 == 0 { return value }
        var value = value
        if value.isThunk {
            let object = value.object
            if object.kind == Kind.indirection {
                value = Value(bits: object[1])
                if !value.isObject { return value }
            }
        }
        return Value(value.tag, moved(value.object))
    }

    @inline(__always)
    mutating func copy(from slots: Slot, count: Int) {
        var slot = slots
        let end = slots + count
        while slot < end {
            slot.pointee = moved(slot.pointee)
            slot += 1
        }
    }

    /// Visits every object moved so far, and those it moves, until none is left.
    mutating func scan(from start: UnsafeMutableRawPointer) {
        var next = start
        while next < free {
            let object = next.assumingMemoryBound(to: UInt64.self)
            let size = object.size
            scan(object)
            next += size &* 8
        }
    }

    @inline(__always)
    private mutating func scan(_ object: Object) {
        switch object.kind {
        case Kind.thunk, Kind.blackhole, Kind.closure, Kind.partial:
            copy(from: object.values, count: object.captureCount)
        case Kind.indirection: copy(from: object.values, count: 1)
        case Kind.list, Kind.array: copy(from: object.values, count: object.field)
        case Kind.attributes: copy(from: object.values, count: 1 &+ object.field)
        case Kind.layout: copy(from: object.values, count: 1)
        case Kind.string: if object.hasContext { copy(from: object.contextSlot, count: 1) }
        case Kind.withLink: copy(from: object.values, count: 2)
        default: break
        }
    }
}

/// The monotonic clock in nanoseconds.
func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}
