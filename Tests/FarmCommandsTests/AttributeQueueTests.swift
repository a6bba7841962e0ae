import Testing

@testable import FarmCommands

@Suite struct AttributeQueueTests {
    static func line(_ name: String, _ rest: String) -> Substring {
        "{\"attr\":\"\(name)\",\"attrPath\":[\"\(name)\"],\(rest)}"
    }

    /// The next batch, which must exist.
    static func slice(_ queue: inout AttributeQueue) throws -> [AttributeQueue.Path] {
        let slice = queue.nextSlice()
        return try #require(slice)
    }

    /// A queue that has visited a top-level set with that many attributes.
    static func queue(_ count: Int, workers: Int) throws -> AttributeQueue {
        var queue = AttributeQueue(workers: workers)
        let top = try Self.slice(&queue)
        #expect(top == [[]])
        let names = (0..<count).map { "\"a\($0)\"" }.joined(separator: ",")
        #expect(try queue.finish(top, lines: [line("", "\"attrs\":[\(names)]")]).isEmpty)
        return queue
    }

    @Test func oneWorkerTakesAllAtOnce() throws {
        var queue = try Self.queue(300, workers: 1)
        #expect(queue.nextSlice()?.count == 300)
        #expect(queue.nextSlice() == nil)
        #expect(!queue.isFinished)
    }

    /// The sizes of the batches into which that many attributes are divided.
    static func sizes(_ count: Int, workers: Int) throws -> [Int] {
        var queue = try queue(count, workers: workers)
        var sizes: [Int] = []
        while let slice = queue.nextSlice() { sizes.append(slice.count) }
        return sizes
    }

    @Test func fewAttributesAreOneSliceForEachWorker() throws {
        #expect(try Self.sizes(500, workers: 2) == [250, 250])
        #expect(try Self.sizes(130, workers: 2) == [65, 65])
        #expect(try Self.sizes(100, workers: 2) == [64, 36])
    }

    @Test func slicesShrinkTowardsTheEnd() throws {
        let sizes = try Self.sizes(4_000, workers: 2)
        #expect(sizes.prefix(2) == [1_000, 750])
        #expect(sizes.reduce(0, +) == 4_000)
        #expect(zip(sizes, sizes.dropFirst()).allSatisfy { $0 >= $1 })
        #expect(sizes.dropLast().allSatisfy { $0 >= AttributeQueue.minimumSlice })
    }

    @Test func pathsThatAJobDidNotComeToWaitAgain() throws {
        var queue = try Self.queue(3, workers: 1)
        let slice = try Self.slice(&queue)
        let printed = try queue.finish(slice, lines: [Self.line("a0", "\"drvPath\":\"/d\"")])
        #expect(printed == [Self.line("a0", "\"drvPath\":\"/d\"")])
        #expect(queue.nextSlice() == [["a1"], ["a2"]])
        #expect(queue.derivations == 1)
    }

    @Test func whatLiesBelowIsVisited() throws {
        var queue = try Self.queue(1, workers: 1)
        let slice = try Self.slice(&queue)
        #expect(try queue.finish(slice, lines: [Self.line("a0", "\"attrs\":[\"x\",\"y.z\"]")]).isEmpty)
        #expect(queue.nextSlice() == [["a0", "x"], ["a0", "y.z"]])
    }

    @Test func aLimitIsTheFirstPathsError() throws {
        var queue = try Self.queue(2, workers: 1)
        let slice = try Self.slice(&queue)
        #expect(queue.fail(slice, "too \"big\"") == #"{"attr":"a0","attrPath":["a0"],"error":"error: too \"big\""}"#)
        #expect(queue.nextSlice() == [["a1"]])
        #expect(queue.errors == 1)
    }

    @Test func aSliceThatBrokeItsWorkersIsHalvedUntilTheCulpritIsAlone() throws {
        var queue = try Self.queue(4, workers: 1)
        var printed: [String] = []
        while let slice = queue.nextSlice() {
            if slice.contains(["a2"]) {
                if let line = queue.split(slice, "three workers were lost") { printed.append(line) }
            } else {
                _ = try queue.finish(slice, lines: slice.map { Self.line($0[0], "\"drvPath\":\"/d\"") })
            }
        }
        #expect(printed == [#"{"attr":"a2","attrPath":["a2"],"error":"error: three workers were lost"}"#])
        #expect(queue.derivations == 3)
        #expect(queue.isFinished)
    }

    @Test func aLineThatIsNoneOfAWalkIsRefused() throws {
        var queue = try Self.queue(1, workers: 1)
        let slice = try Self.slice(&queue)
        #expect(throws: (any Error).self) { try queue.finish(slice, lines: ["42x"]) }
    }
}
