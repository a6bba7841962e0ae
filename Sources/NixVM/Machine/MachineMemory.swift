import Glibc
import NixStore

/// Memory that one machine after another can use: the reserved address ranges, with the builtins and their symbols
/// installed.
///
/// Making these anew takes several system calls, some hundred page faults and the installation of every builtin, which
/// is more than a small evaluation itself. So the state after the installation is saved, and restored when a machine
/// ends: every byte that it wrote is overwritten or returned to the system. What owns memory restores itself
/// (`SymbolTable.restore`); if that fails, the whole memory is discarded. The rest of the state is copied bit by bit. A
/// machine in this memory behaves as a new one does, to the unit of fuel and the byte of memory.
public final class MachineMemory {
    /// A machine that never runs. It owns the storage that the others use in turn.
    let template: Machine
    private let pristine: MachineState
    private let symbols: SymbolTable.Snapshot
    /// The contents of the permanent range, which evaluation changes because layouts cache their orders.
    private let permanentBytes: [UInt8]
    /// The objects of the nursery that the installation made.
    private let heapBytes: [UInt8]
    private let roots: [Value]
    /// Whether a machine left something that could not be restored.
    public private(set) var isSpent = false
    private(set) var isInUse = false

    /// Ranges of up to this many bytes are set to zero. The pages of larger ones are returned to the system.
    private static let zeroedBytes = 256 << 10
    private static let pageBytes = 4096

    /// Prepares the memory. The result is nil when the address space cannot be reserved or `prepare` fails.
    ///
    /// - Parameters:
    ///   - settings: The settings of every machine that will use the memory. Stress mode is not possible, since it
    ///     protects pages, nor is an impure machine, since its constants change.
    ///   - image: The image that every machine continues from; nil if they begin with nothing.
    ///   - prepare: Installs what every machine shall have besides its builtins.
    public init?(
        settings: MachineSettings, image: HeapImage? = nil, prepare: (Machine) throws -> Void = { _ in }
    ) {
        guard !settings.stress, let io = try? RootedIO(roots: []),
            let template = Machine(io: io, settings: settings, image: image, print: { _ in }),
            (try? prepare(template)) != nil
        else { return nil }
        self.template = template
        template.state.pointee.resetCaches()
        let state = template.state.pointee
        pristine = state
        symbols = state.symbols.snapshot()
        // The pages of an image become again what they are in its file.
        let isMapped = image != nil
        permanentBytes = isMapped ? [] : Self.bytes(from: state.heap.permanent, to: state.heap.permanentTop)
        heapBytes = isMapped ? [] : Self.bytes(from: state.heap.nursery, to: state.registers.hp)
        roots = Array(UnsafeBufferPointer(start: state.roots, count: state.rootCount))
    }

    private static func bytes(from start: UnsafeMutableRawPointer, to end: UnsafeMutableRawPointer) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: start, count: end - start))
    }

    /// Reserves the memory for a machine. The result is false while another one uses it.
    func acquire() -> Bool {
        guard !isInUse, !isSpent else { return false }
        isInUse = true
        return true
    }

    /// Restores the memory when its machine ends.
    func release() {
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
        clear(heap.nursery, max(heap.nurseryTouched, template.state.pointee.registers.hp - heap.nursery))
        // Full collections have returned what was above already.
        clear(heap.oldStart, heap.oldBytes)
        if template.image != nil { return template.discardImageWrites() }
        heapBytes.withUnsafeBytes { if let base = $0.baseAddress { copy($0.count, base, pristine.heap.nursery) } }
        let kept = permanentBytes.count
        clear(heap.permanent + kept, heap.permanentBytes - kept)
        permanentBytes.withUnsafeBytes { if let base = $0.baseAddress { copy($0.count, base, heap.permanent) } }
    }

    private func copy(_ count: Int, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
        target.copyMemory(from: source, byteCount: count)
    }

    /// A stack is used from its base upwards, so the first page that is all zero ends what a small evaluation wrote. A
    /// stack that grew beyond its first window is returned as a whole.
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
        // The depth limits of machines differ, so the frames grew only if the window is larger than the saved one.
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

    /// Sets the bytes up to the next page to zero, and returns the pages after it to the system.
    private func discard(_ start: UnsafeMutableRawPointer, _ count: Int) {
        let head = min(count, (0 &- Int(bitPattern: start)) & (Self.pageBytes - 1))
        start.initializeMemory(as: UInt8.self, repeating: 0, count: head)
        let rest = (count - head + Self.pageBytes - 1) & ~(Self.pageBytes - 1)
        if rest > 0 { madvise(start + head, rest, MADV_DONTNEED) }
    }
}
