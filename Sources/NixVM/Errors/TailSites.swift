import Glibc

/// Where tail calls left the code whose frame they reuse.
///
/// Each frame keeps the place of its first tail call, in a table with an entry for each frame; the later ones share a ring,
/// so that a loop of tail calls costs no memory. A bit of the frame (`FrameMode.tailCalled`) says that there are any.
struct TailSites: BitwiseCopyable {
    struct Entry: BitwiseCopyable {
        /// Address of the reused frame; the lowest bit is set at its first tail call.
        var frame: UInt
        var site: UnsafePointer<UInt8>
    }

    /// A power of two.
    static let capacity = 4_096

    /// The table of first tail calls.
    let first: UnsafeMutableRawPointer
    let frames: UnsafeMutableRawPointer
    let ring: UnsafeMutablePointer<Entry>
    var count = 0

    /// - Parameter ring: `capacity` entries.
    init(first: UnsafeMutableRawPointer, frames: UnsafeMutableRawPointer, ring: UnsafeMutablePointer<Entry>) {
        self.first = first
        self.frames = frames
        self.ring = ring
    }

    /// What stands for a site where a functor took the place of its set: no address, but the number of the functor's
    /// position.
    static func functorSite(_ position: UInt32) -> UnsafePointer<UInt8>? {
        UnsafePointer(bitPattern: UInt(position) | 1 << 63)
    }

    static func functorPosition(_ site: UnsafePointer<UInt8>) -> UInt32? {
        let bits = UInt(bitPattern: site)
        return bits >> 63 == 0 ? nil : UInt32(truncatingIfNeeded: bits)
    }

    /// The slot of a frame's first tail call.
    @inline(__always)
    func slot(_ frame: UnsafeMutablePointer<Frame>) -> UnsafeMutablePointer<UnsafePointer<UInt8>> {
        let index = (UnsafeMutableRawPointer(frame) - frames) / MemoryLayout<Frame>.stride
        return first.assumingMemoryBound(to: UnsafePointer<UInt8>.self) + index
    }
}

extension Interpreter {
    /// Notes that the current frame is about to be reused by a tail call at an instruction.
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

/// Reads the tail calls of frames from the innermost outwards.
struct TailSiteReader {
    private var cursor: Int
    private let oldest: Int

    init(_ sites: TailSites) {
        cursor = sites.count
        oldest = max(0, sites.count - TailSites.capacity)
    }

    /// The places of the tail calls of a frame, the last first. What the ring no longer holds is left out.
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
