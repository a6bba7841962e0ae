import Glibc

/// The addresses of the tail calls that reused a frame.
///
/// The first tail call of each frame is in a table with an entry for each frame. All of them are in a ring, so a loop
/// of tail calls takes no memory. A bit of the frame (`FrameMode.tailCalled`) says whether there are any.
struct TailSites: BitwiseCopyable {
    struct Entry: BitwiseCopyable {
        /// The address of the reused frame. The lowest bit is set at its first tail call.
        var frame: UInt
        var site: UnsafePointer<UInt8>
    }

    /// This must be a power of two.
    static let capacity = 4_096

    /// The table of first tail calls.
    let first: UnsafeMutableRawPointer
    let frames: UnsafeMutableRawPointer
    let ring: UnsafeMutablePointer<Entry>
    var count = 0

    /// - Parameter ring: Memory for `capacity` entries.
    init(first: UnsafeMutableRawPointer, frames: UnsafeMutableRawPointer, ring: UnsafeMutablePointer<Entry>) {
        self.first = first
        self.frames = frames
        self.ring = ring
    }

    /// Represents the call of a functor instead of its set. It contains the functor's position number instead of an
    /// address.
    static func functorSite(_ position: UInt32) -> UnsafePointer<UInt8>? {
        UnsafePointer(bitPattern: UInt(position) | 1 << 63)
    }

    static func functorPosition(_ site: UnsafePointer<UInt8>) -> UInt32? {
        let bits = UInt(bitPattern: site)
        return bits >> 63 == 0 ? nil : UInt32(truncatingIfNeeded: bits)
    }

    /// The entry of a frame's first tail call.
    @inline(__always)
    func slot(_ frame: UnsafeMutablePointer<Frame>) -> UnsafeMutablePointer<UnsafePointer<UInt8>> {
        let index = (UnsafeMutableRawPointer(frame) - frames) / MemoryLayout<Frame>.stride
        return first.assumingMemoryBound(to: UnsafePointer<UInt8>.self) + index
    }
}

extension Interpreter {
    /// Notes that a tail call at an instruction is about to reuse the current frame.
    @inline(__always)
    func noteTailCall(_ site: UnsafePointer<UInt8>, _ fp: UnsafeMutablePointer<Frame>) {
        let frame = fp - 1
        var mark = UInt(bitPattern: frame)
        if frame.pointee.update & FrameMode.tailCalled == 0 {
            frame.pointee.update |= FrameMode.tailCalled
            state.pointee.tailSites.slot(frame).pointee = site
            mark |= 1
        }
        let count = state.pointee.tailSites.count
        state.pointee.tailSites.ring[count & (TailSites.capacity - 1)] = TailSites.Entry(frame: mark, site: site)
        state.pointee.tailSites.count = count &+ 1
    }
}

/// Reads the tail calls of frames from the innermost frame outwards.
struct TailSiteReader {
    private var cursor: Int
    private let oldest: Int

    init(_ sites: TailSites) {
        cursor = sites.count
        oldest = max(0, sites.count - TailSites.capacity)
    }

    /// The tail calls of a frame, the last one first. Those that are no longer in the ring are missing.
    mutating func sites(of frame: UnsafeMutablePointer<Frame>, _ sites: TailSites) -> [UnsafePointer<UInt8>] {
        guard frame.pointee.update & FrameMode.tailCalled != 0 else { return [] }
        var found: [UnsafePointer<UInt8>] = []
        let address = UInt(bitPattern: frame)
        while cursor > oldest {
            let entry = sites.ring[(cursor - 1) & (TailSites.capacity - 1)]
            if entry.frame < address { break }
            cursor -= 1
            if entry.frame == address { found.append(entry.site) }
            if entry.frame == address | 1 { break }
        }
        found.append(sites.slot(frame).pointee)
        return found
    }
}
