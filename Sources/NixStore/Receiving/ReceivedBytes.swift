/// Bytes of one object as they arrive: in memory while they are few, and then in a file without a name.
struct ReceivedBytes {
    private var memory: [UInt8] = []
    private var file: DescriptorHandle?
    private(set) var count = 0
    private let directory: [UInt8]

    /// Bytes above which they are kept in a file.
    static let memoryBytes = 1 << 20

    /// - Parameter directory: where the file is made.
    init(directory: [UInt8]) { self.directory = directory }

    mutating func append(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        count += bytes.count
        if let file { return unsafe try FileTree.write(bytes, to: file.descriptor) }
        unsafe memory.append(contentsOf: bytes)
        guard memory.count > Self.memoryBytes else { return }
        let file = try DescriptorHandle.scratch(in: directory)
        let copy = memory
        memory = []
        self.file = file
        let code = unsafe copy.withUnsafeBytes { bytes -> Int32 in
            do throws(SystemError) {
                unsafe try FileTree.write(bytes, to: file.descriptor)
                return 0
            } catch {
                return error.code
            }
        }
        if code != 0 { throw SystemError(code: code) }
    }

    /// All bytes if they are in memory.
    var text: [UInt8]? { file == nil ? memory : nil }

    /// All bytes, for reading. Nothing is appended afterwards.
    var contents: ArchiveBytes { file.map { .file($0, count: count) } ?? .memory(memory) }
}

/// The bytes of an archive, in memory or in a file.
enum ArchiveBytes: Sendable {
    case memory([UInt8])
    case file(DescriptorHandle, count: Int)

    var count: Int {
        switch self {
        case .memory(let bytes): bytes.count
        case .file(_, let count): count
        }
    }

    /// Reads bytes, all of which are there.
    func read(at offset: Int, count: Int) throws(SystemError) -> [UInt8] {
        switch self {
        case .memory(let bytes): Array(bytes[offset..<offset + count])
        case .file(let file, _): try file.read(at: offset, count: count)
        }
    }
}
