import Testing

@testable import FarmCommands

@Suite struct AttributeQueueTests {
    static func line(_ name: String, _ rest: String) throws -> WalkLine {
        let kind = rest.contains("attrs") ? "set" : rest.contains("error") ? "error" : "derivation"
        let text = "{\"attr\":\"\(name)\",\"attrPath\":[\"\(name)\"],\(rest)}\t{\"kind\":\"\(kind)\"}"
        return try WalkLine(text[...], path: name.isEmpty ? [] : [name])
    }

    /// The next batch, which must exist.
    static func batch(_ queue: inout AttributeQueue) throws -> AttributeQueue.Batch {
        let batch = queue.nextBatch()
        return try #require(batch)
    }

    /// A queue that has visited a top-level set with that many attributes.
    static func queue(_ count: Int, workers: Int) throws -> AttributeQueue {
        var queue = AttributeQueue(workers: workers)
        let top = try Self.batch(&queue)
        #expect(top.paths == [[]])
        let names = (0..<count).map { "\"a\($0)\"" }.joined(separator: ",")
        #expect(try queue.finish(top, lines: [line("", "\"attrs\":[\(names)]")]).isEmpty)
        return queue
    }

    @Test func oneWorkerTakesAllAtOnce() throws {
        var queue = try Self.queue(300, workers: 1)
        #expect(queue.nextBatch()?.paths.count == 300)
        #expect(queue.nextBatch() == nil)
        #expect(!queue.isFinished)
    }

    /// The sizes of the batches into which that many attributes are divided.
    static func sizes(_ count: Int, workers: Int) throws -> [Int] {
        var queue = try queue(count, workers: workers)
        var sizes: [Int] = []
        while let batch = queue.nextBatch() { sizes.append(batch.paths.count) }
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
        #expect(printed.map(\.text) == [#"{"attr":"a0","attrPath":["a0"],"drvPath":"/d"}"#])
        #expect(queue.nextBatch()?.paths == [["a1"], ["a2"]])
        #expect(queue.derivations == 1)
    }

    @Test func whatLiesBelowIsVisited() throws {
        var queue = try Self.queue(1, workers: 1)
        let batch = try Self.batch(&queue)
        #expect(try queue.finish(batch, lines: [Self.line("a0", "\"attrs\":[\"x\",\"y.z\"]")]).isEmpty)
        #expect(queue.nextBatch()?.paths == [["a0", "x"], ["a0", "y.z"]])
    }

    @Test func aLimitIsTheFirstPathsError() throws {
        var queue = try Self.queue(2, workers: 1)
        let batch = try Self.batch(&queue)
        let line = queue.fail(batch, "too \"big\"")
        #expect(
            line.text == #"{"attr":"a0","attrPath":["a0"],"error":"error: too \"big\"","fatal":true}"#)
        #expect(queue.nextBatch()?.paths == [["a1"]])
        #expect(queue.errors == 1)
    }

    @Test func aBatchThatBrokeItsWorkersIsHalvedUntilTheCulpritIsAlone() throws {
        var queue = try Self.queue(4, workers: 1)
        var printed: [String] = []
        while let batch = queue.nextBatch() {
            if batch.paths.contains(["a2"]) {
                if let line = queue.split(batch, "three workers were lost") { printed.append(line.text) }
            } else {
                _ = try queue.finish(batch, lines: batch.paths.map { try Self.line($0[0], "\"drvPath\":\"/d\"") })
            }
        }
        #expect(
            printed == [
                #"{"attr":"a2","attrPath":["a2"],"error":"error: three workers were lost","fatal":true}"#
            ])
        #expect(queue.derivations == 3)
        #expect(queue.isFinished)
    }

    @Test func aPathThatNeedsMoreMemoryWaitsUntilItIsAlone() throws {
        var queue = try Self.queue(200, workers: 2)
        let first = try Self.batch(&queue)
        #expect(queue.exceedMemory(first, "too large") == nil)
        #expect(queue.errors == 0 && queue.waitingCount == 200)
        var batches: [AttributeQueue.Batch] = []
        while let batch = queue.nextBatch() { batches.append(batch) }
        #expect(batches.allSatisfy { !$0.isAlone && !$0.paths.contains(["a0"]) })
        for batch in batches {
            #expect(queue.nextBatch() == nil, "the memory of all is not to be had while a job runs")
            _ = try queue.finish(batch, lines: batch.paths.map { try Self.line($0[0], "\"drvPath\":\"/d\"") })
        }
        let alone = try Self.batch(&queue)
        #expect(alone == AttributeQueue.Batch(paths: [["a0"]], isAlone: true))
        #expect(queue.nextBatch() == nil)
        let line = queue.exceedMemory(alone, "still too large")
        #expect(line?.text.contains("error: still too large") == true)
        #expect(queue.isFinished)
        #expect(queue.visited == 201 && queue.errors == 1)
    }

    @Test func aWorkerWithoutOthersHasAllMemoryAnyway() throws {
        var queue = try Self.queue(2, workers: 1)
        let line = queue.exceedMemory(try Self.batch(&queue), "too large")
        #expect(line?.path == ["a0"])
    }

    @Test func aLineThatIsNoneOfAWalkIsRefused() throws {
        #expect(throws: (any Error).self) { try WalkLine("{}\t42x", path: []) }
        let old = #expect(throws: CommandFailure.self) { try WalkLine("{}", path: []) }
        #expect(old?.description.contains("older") == true)
        var queue = try Self.queue(1, workers: 1)
        let batch = try Self.batch(&queue)
        let line = try WalkLine("42x\t{\"kind\":\"set\"}", path: ["a0"])
        #expect(throws: (any Error).self) { try queue.finish(batch, lines: [line]) }
    }
}
