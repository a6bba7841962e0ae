import Glibc
import NixStore

/// What one machine after another can use: the reserved address ranges, with the builtins and their symbols installed.
///
/// Making these anew costs several system calls, some hundred page faults and the installation of every builtin, more
/// than a small evaluation itself. So the state right after the installation is kept, and brought back when a machine is
/// let go: every byte that it wrote is overwritten or given back to the system. Whatever owns memory puts itself back
/// (`SymbolTable.restore`), and where that is not possible since it has grown, the memory as a whole is thrown away. The rest
/// of the state is bits. A machine that uses it behaves as a new one does, to the unit of fuel and the byte of memory.
public final class MachineMemory {
    /// Never runs. It owns the state that the machines use in turn.
    let template: Machine
    private let pristine: MachineState
    private let symbols: SymbolTable.Snapshot
    /// The words of the permanent range, which evaluation changes (layouts remember orders).
    private let permanentBytes: [UInt8]
    /// The words of the heap that the installation took.
    private let heapBytes: [UInt8]
    private let roots: [Value]
    /// Whether a machine that was let go left something that could not be brought back.
    public private(set) var isSpent = false
    private(set) var isInUse = false

    /// Ranges up to this many bytes are zeroed; of larger ones the pages are given back.
    private static let zeroedBytes = 256 << 10
    private static let pageBytes = 4096

    /// Nil when the address space cannot be reserved.
    ///
    /// - Parameters:
    ///   - settings: those of every machine that will use it. Stress mode protects pages, and an impure machine's
    ///     constants change, so neither is possible.
    ///   - prepare: installs what every machine is to have beside its builtins.
    public init?(settings: MachineSettings, prepare: (Machine) throws -> Void = { _ in }) {
        guard !settings.stress, let io = try? RootedIO(roots: []),
            let template = Machine(io: io, settings: settings, print: { _ in }), (try? prepare(template)) != nil
        else { return nil }
        self.template = template
        template.state.pointee.resetCaches()
        let state = template.state.pointee
        pristine = state
        symbols = state.symbols.snapshot()
        permanentBytes = Self.bytes(from: state.heap.permanent, to: state.heap.permanentTop)
        heapBytes = Self.bytes(from: state.heap.nursery, to: state.r.hp)
        roots = Array(UnsafeBufferPointer(start: state.roots, count: state.rootCount))
    }

    private static func bytes(from start: UnsafeMutableRawPointer, to end: UnsafeMutableRawPointer) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: start, count: end - start))
    }

    /// Hands the memory to a machine; false while another has it.
    func take() -> Bool {
        guard !isInUse, !isSpent else { return false }
        isInUse = true
        return true
    }

    /// Called when the machine is let go.
    func giveBack() {
        let state = template.state
        isInUse = false
        state.pointee.host = .passUnretained(template)
        guard state.pointee.symbols.restore(symbols) else {
            isSpent = true
            return
        }
        clearHeap()
        clearStacks()
        let chunks = UnsafeMutableRawPointer(state.pointee.chunks + pristine.chunkCount)
        clear(chunks, (state.pointee.chunkCount - pristine.chunkCount) * MemoryLayout<LoadedChunk>.stride)
        let used = UnsafeMutableRawPointer(state.pointee.roots + roots.count)
        clear(used, max(0, state.pointee.rootCount - roots.count) * MemoryLayout<Value>.stride)
        for (index, root) in roots.enumerated() { state.pointee.roots[index] = root }
        state.pointee.resetCaches()
        state.pointee = pristine
    }

    private func clearHeap() {
        let heap = template.state.pointee.heap
        clear(heap.nursery, max(heap.nurseryTouched, template.state.pointee.r.hp - heap.nursery))
        // What full collections left is given back already.
        clear(heap.current, heap.oldBytes)
        heapBytes.withUnsafeBytes { if let base = $0.baseAddress { copy($0.count, base, pristine.heap.nursery) } }
        let kept = permanentBytes.count
        clear(heap.permanent + kept, heap.permanentBytes - kept)
        permanentBytes.withUnsafeBytes { if let base = $0.baseAddress { copy($0.count, base, heap.permanent) } }
    }

    private func copy(_ count: Int, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
        target.copyMemory(from: source, byteCount: count)
    }

    /// A stack is used from its base upwards, so the first page without a trace ends what a small evaluation wrote. One
    /// that grew past its first window is given back whole.
    private func clearStacks() {
        let state = template.state.pointee
        let stack = UnsafeMutableRawPointer(state.stackBase)
        let frames = UnsafeMutableRawPointer(state.framesBase)
        if state.spLimit == pristine.spLimit {
            clearPages(stack, UnsafeMutableRawPointer(state.spLimit) - stack)
        } else {
            discard(stack, UnsafeMutableRawPointer(state.spLimit) - stack + Self.pageBytes)
        }
        if state.tailSites.count > 0 { clearTailSites(state) }
        // Machines differ in how deep they may go, so the limit alone does not tell whether the frames grew.
        let used = UnsafeMutableRawPointer(state.fpLimit) - frames
        if used <= UnsafeMutableRawPointer(pristine.fpLimit) - frames {
            clearPages(frames, used + MemoryLayout<Frame>.stride)
        } else {
            discard(frames, used + Self.pageBytes)
        }
    }

    private func clearTailSites(_ state: MachineState) {
        let frames = state.fpLimit - state.framesBase
        discard(state.tailSites.first, frames * MemoryLayout<UInt>.stride + Self.pageBytes)
        let used = min(state.tailSites.count, TailSites.capacity) * MemoryLayout<TailSites.Entry>.stride
        UnsafeMutableRawPointer(state.tailSites.ring).initializeMemory(as: UInt8.self, repeating: 0, count: used)
    }

    private func clearPages(_ start: UnsafeMutableRawPointer, _ count: Int) {
        var offset = 0
        while offset < count {
            let page = UnsafeMutableRawBufferPointer(start: start + offset, count: Self.pageBytes)
            let words = page.bindMemory(to: UInt64.self)
            guard words.contains(where: { $0 != 0 }) else { return }
            page.initializeMemory(as: UInt8.self, repeating: 0)
            offset += Self.pageBytes
        }
    }

    private func clear(_ start: UnsafeMutableRawPointer, _ count: Int) {
        guard count > 0 else { return }
        if count <= Self.zeroedBytes {
            start.initializeMemory(as: UInt8.self, repeating: 0, count: count)
        } else {
            discard(start, count)
        }
    }

    /// Zeroes up to the next page, and gives the pages after it back to the system.
    private func discard(_ start: UnsafeMutableRawPointer, _ count: Int) {
        let head = min(count, (0 &- Int(bitPattern: start)) & (Self.pageBytes - 1))
        start.initializeMemory(as: UInt8.self, repeating: 0, count: head)
        let rest = (count - head + Self.pageBytes - 1) & ~(Self.pageBytes - 1)
        if rest > 0 { madvise(start + head, rest, MADV_DONTNEED) }
    }
}
