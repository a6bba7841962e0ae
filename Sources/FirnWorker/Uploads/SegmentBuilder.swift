import FirnProtocol
import Foundation
import NixStore

/// Cuts the contents of objects into segments: many small objects go into one, and a large one into many.
struct SegmentBuilder {
    private let sink: SegmentSink
    private let isStopped: () -> Bool

    init(_ channel: UploadChannel, segmentBytes: Int, isStopped: @escaping () -> Bool) {
        sink = SegmentSink(channel, segmentBytes: segmentBytes, isStopped: isStopped)
        self.isStopped = isStopped
    }

    /// Bytes of contents that were sent.
    var contentBytes: UInt64 { sink.contentBytes }

    /// Sends an object. What is sent of a source is verified meanwhile: its files may have changed since it was hashed.
    mutating func send(_ addition: StoreAddition) throws(StoreWriteError) {
        sink.begin(CanonPath.baseName(of: addition.path))
        if let text = addition.object.text, addition.address.method == .text {
            guard unsafe text.withUnsafeBytes({ unsafe sink.write($0) }) else { throw sink.failure ?? .stopped }
        } else {
            do throws(StoreWriteError) {
                _ = try addition.writeVerified(to: sink, isStopped: isStopped)
            } catch {
                throw sink.failure ?? error
            }
        }
        sink.end()
    }

    /// Sends what is left.
    mutating func flush() throws(StoreWriteError) { try sink.flush() }
}

/// Receives the contents of objects.
private final class SegmentSink: NarSink {
    private let channel: UploadChannel
    private let segmentBytes: Int
    private let isStopped: () -> Bool
    private var segment = WireObjectSegment()
    private var segmentCount = 0
    /// The piece of the current object that is not in the segment.
    private var name: [UInt8] = []
    private var offset: UInt64 = 0
    private var bytes: [UInt8] = []
    private(set) var contentBytes: UInt64 = 0
    private(set) var failure: StoreWriteError?

    init(_ channel: UploadChannel, segmentBytes: Int, isStopped: @escaping () -> Bool) {
        self.channel = channel
        self.segmentBytes = segmentBytes
        self.isStopped = isStopped
    }

    func begin(_ name: [UInt8]) {
        self.name = name
        offset = 0
        bytes.removeAll(keepingCapacity: true)
    }

    func write(_ piece: UnsafeRawBufferPointer) -> Bool {
        var start = 0
        while start < piece.count {
            let count = min(piece.count - start, max(1, segmentBytes - segmentCount - bytes.count))
            unsafe bytes.append(contentsOf: piece[start..<start + count])
            start += count
            guard segmentCount + bytes.count >= segmentBytes else { continue }
            put(isLast: false)
            do throws(StoreWriteError) { try flush() } catch {
                failure = error
                return false
            }
        }
        return true
    }

    func end() { put(isLast: true) }

    private func put(isLast: Bool) {
        let piece = WireObjectPiece.with {
            $0.name = Data(name)
            $0.offset = offset
            $0.bytes = Data(bytes)
            $0.last = isLast
        }
        segment.pieces.append(piece)
        segmentCount += bytes.count + 64 + name.count
        offset += UInt64(bytes.count)
        contentBytes += UInt64(bytes.count)
        bytes.removeAll(keepingCapacity: true)
    }

    func flush() throws(StoreWriteError) {
        if segment.pieces.isEmpty { return }
        let full = segment
        segment = WireObjectSegment()
        segmentCount = 0
        _ = try channel.send(.segment(full), isStopped: isStopped)
    }
}
