import Testing

@testable import FarmCommands

@Suite struct AttributeQueueTests {
    static func line(_ name: String, _ rest: String) -> Substring {
        "{\"attr\":\"\(name)\",\"attrPath\":[\"\(name)\"],\(rest)}"
    }

    /// The next batch, which must exist.
    static func batch(_ queue: inout AttributeQueue) throws -> [AttributeQueue.Path] {
        let batch = queue.nextBatch()
        return try #require(batch)
    }

    /// A queue that has visited a top-level set with that many attributes.
    static func queue(_ count: Int, workers: Int) throws -> AttributeQueue {
        var queue = AttributeQueue(workers: workers)
        let top = try Self.batch(&queue)
        #expect(top == [[]])
        let names = (0..<count).map { "\"a\($0)\"" }.joined(separator: ",")
        #expect(try queue.finish(top, lines: [line("", "\"attrs\":[\(names)]")]).isEmpty)
        return queue
    }

    @Test func oneWorkerTakesAllAtOnce() throws {
        var queue = try Self.queue(300, workers: 1)
        #expect(queue.nextBatch()?.count == 300)
        #expect(queue.nextBatch() == nil)
        #expect(!queue.isFinished)
    }

    /// The sizes of the batches into which that many attributes are divided.
    static func sizes(_ count: Int, workers: Int) throws -> [Int] {
        var queue = try queue(count, workers: workers)
        var sizes: [Int] = []
        while let batch = queue.nextBatch() { sizes.append(batch.count) }
        return sizes
    }

    @Test func fewAttributesAreOneBatchForEachWorker() throws {
        #expect(try Self.sizes(500, workers: 2) == [250, 250])
        #expect(try Self.sizes(130, workers: 2) == [65, 65])
        #expect(try Self.sizes(100, workers: 2) == [64, 36])
    }

    @Test func batchesShrinkTowardsTheEnd() throws {
        let sizes = try Self.sizes(4_000, workers: 2)
        #expect(sizes.prefix(2) == [1_000, 750])
        #expect(sizes.reduce(0, +) == 4_000)
        #expect(zip(sizes, sizes.dropFirst()).allSatisfy { $0 >= $1 })
        #expect(sizes.dropLast().allSatisfy { $0 >= AttributeQueue.minimumBatch })
    }

    @Test func pathsThatAJobDidNotComeToWaitAgain() throws {
        var queue = try Self.queue(3, workers: 1)
        let batch = try Self.batch(&queue)
        let printed = try queue.finish(batch, lines: [Self.line("a0", "\"drvPath\":\"/d\"")])
        #expect(printed == [Self.line("a0", "\"drvPath\":\"/d\"")])
        #expect(queue.nextBatch() == [["a1"], ["a2"]])
        #expect(queue.derivations == 1)
    }

    @Test func whatLiesBelowIsVisited() throws {
        var queue = try Self.queue(1, workers: 1)
        let batch = try Self.batch(&queue)
        #expect(try queue.finish(batch, lines: [Self.line("a0", "\"attrs\":[\"x\",\"y.z\"]")]).isEmpty)
        #expect(queue.nextBatch() == [["a0", "x"], ["a0", "y.z"]])
    }

    @Test func aLimitIsTheFirstPathsError() throws {
        var queue = try Self.queue(2, workers: 1)
        let batch = try Self.batch(&queue)
        #expect(queue.fail(batch, "too \"big\"") == #"{"attr":"a0","attrPath":["a0"],"error":"error: too \"big\""}"#)
        #expect(queue.nextBatch() == [["a1"]])
        #expect(queue.errors == 1)
    }

    @Test func aBatchThatBrokeItsWorkersIsHalvedUntilTheCulpritIsAlone() throws {
        var queue = try Self.queue(4, workers: 1)
        var printed: [String] = []
        while let batch = queue.nextBatch() {
            if batch.contains(["a2"]) {
                if let line = queue.split(batch, "three workers were lost") { printed.append(line) }
            } else {
                _ = try queue.finish(batch, lines: batch.map { Self.line($0[0], "\"drvPath\":\"/d\"") })
            }
        }
        #expect(printed == [#"{"attr":"a2","attrPath":["a2"],"error":"error: three workers were lost"}"#])
        #expect(queue.derivations == 3)
        #expect(queue.isFinished)
    }

    @Test func aLineThatIsNoneOfAWalkIsRefused() throws {
        var queue = try Self.queue(1, workers: 1)
        let batch = try Self.batch(&queue)
        #expect(throws: (any Error).self) { try queue.finish(batch, lines: ["42x"]) }
    }
}
