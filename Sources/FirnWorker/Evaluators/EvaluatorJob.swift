import FirnProtocol
import Foundation
import NixStore

/// A job on its way to an evaluating process: the body of its frame.
///
/// It begins with three numbers of 4 bytes, little-endian: the bytes of uploads that may be on their way, the bytes of
/// a segment, and the bytes of what describes the image. The image follows as JSON, and then the assignment.
struct EvaluatorJob {
    /// The image that the job starts from.
    struct Image: Codable, Equatable {
        /// The index of its set in the configuration.
        var set: Int
        var identity: [UInt8]
        var path: String
        /// The file whose contents the connection's process has compared with their checksum.
        var file: FileIdentity
    }

    var windowBytes: Int
    var segmentBytes: Int
    var image: Image?
    var assignment: WireAssignment

    private static let headerBytes = 12

    var encoded: [UInt8] {
        let image = image.flatMap { try? JSONEncoder().encode($0) } ?? Data()
        let numbers = [windowBytes, segmentBytes, image.count].map { UInt32(clamping: $0) }
        var bytes = numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
        bytes += image
        bytes += assignment.encoded()
        return bytes
    }

    /// Nil for anything that `encoded` does not give.
    init?(encoded bytes: [UInt8]) {
        guard bytes.count >= Self.headerBytes else { return nil }
        let numbers = (0..<3).map { index in
            bytes[4 * index..<4 * index + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        let body = bytes[Self.headerBytes...]
        guard numbers[2] <= body.count, let assignment = try? WireAssignment(encoded: Array(body.dropFirst(numbers[2])))
        else { return nil }
        windowBytes = numbers[0]
        segmentBytes = numbers[1]
        image = nil
        if numbers[2] > 0 {
            guard let described = try? JSONDecoder().decode(Image.self, from: Data(body.prefix(numbers[2]))) else {
                return nil
            }
            image = described
        }
        self.assignment = assignment
    }

    init(windowBytes: Int, segmentBytes: Int, image: Image?, assignment: WireAssignment) {
        self.windowBytes = windowBytes
        self.segmentBytes = segmentBytes
        self.image = image
        self.assignment = assignment
    }
}
