import FirnCommands
import Foundation
import Platform
import Synchronization
import Testing

@Suite struct OutputTests {
    /// A pipe takes a large text in parts. Lines of concurrent jobs once got into each other's values.
    @Test func concurrentTextsDoNotMix() async throws {
        var ends: [Int32] = [0, 0]
        try #require(unsafe pipe(&ends) == 0)
        let (source, sink) = (ends[0], ends[1])
        let bytes = 1 << 20
        let writers: [UInt8] = [1, 2, 3, 4]
        await withTaskGroup(of: Void.self) { group in
            for writer in writers {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        Thread.detachNewThread {
                            Output.write(sink, [UInt8](repeating: writer, count: bytes))
                            continuation.resume()
                        }
                    }
                }
            }
            group.addTask {
                let handle = FileHandle(fileDescriptor: source, closeOnDealloc: false)
                var read = Data()
                while read.count < writers.count * bytes, let part = try? handle.read(upToCount: 1 << 16), !part.isEmpty
                {
                    read += part
                }
                let texts = stride(from: 0, to: read.count, by: bytes).map {
                    Set(read[$0..<min($0 + bytes, read.count)])
                }
                #expect(texts.allSatisfy { $0.count == 1 } && Set(texts.flatMap(\.self)) == Set(writers))
            }
        }
        close(source)
        close(sink)
    }
}
