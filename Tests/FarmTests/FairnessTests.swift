import FirnClient
import FirnProtocol
import Testing

/// Tenants that share one real worker.
@Suite struct FairnessTests {
    @Test func smallJobsWaitForOneEndlessJobOfAnotherTenantAtMost() async throws {
        let farm = try await TestFarm(clients: ["acme/one", "globex/one"])
        try farm.startWorker(0)
        let acme = try await farm.connect("acme/one")
        let globex = try await farm.connect("globex/one")
        let endless = (0..<10).map { number in
            var job = WireJobSpecification(source: "let f = n: f (n + 1); in f \(number)")
            job.limits.timeoutMs = 500
            return job
        }
        let long = try await acme.submit(endless).map { try #require($0.job) }
        let operators = try await farm.connectOperator()
        try await eventually("one runs and nothing waits behind it") {
            try await operators.workers().first?.leases.map(\.running) == [true]
        }
        let small = try await globex.submit([1, 2].map { WireJobSpecification(source: "\($0) + 1") })
        var ended: [WireJobStatus] = []
        for receipt in small {
            let status = try await globex.result(try #require(receipt.job), wait: .milliseconds(60_000))
            #expect(status.result.outcome == .ok)
            #expect(status.attempt == 1, "it was not prefetched and given back")
            ended.append(status)
        }
        let report = try await operators.queue()
        let usage = Dictionary(uniqueKeysWithValues: report.tenants.map { ($0.tenant, $0) })
        // By the coordinator's clock, since the endless jobs go on one after another until the small ones are there.
        let submitted = try #require(ended.first?.submittedUnixMs)
        let started = try #require(ended.last?.startedUnixMs)
        var between = 0
        for job in long {
            let status = try await acme.result(job, wait: .zero)
            if status.startedUnixMs > submitted, status.startedUnixMs < started { between += 1 }
        }
        #expect(between <= 1)
        #expect(usage["acme"]?.cpuNs ?? 0 > usage["globex"]?.cpuNs ?? 0, "what passed its limit is charged")
        #expect(usage["globex"]?.cpuNs ?? 0 > 0)
        _ = try await acme.cancel(long)
    }

    /// An endless job runs, and two more wait: one of low priority and one of the highest. The farm shows their states,
    /// and runs them in the order of priority.
    @Test func theHighestPriorityIsNext() async throws {
        let farm = try await TestFarm()
        try farm.startWorker(0)
        let client = try await farm.connect()
        var endless = WireJobSpecification(source: "let f = n: f (n + 1); in f 0")
        endless.limits.timeoutMs = 1_000
        let first = try #require(try await client.submit([endless]).first?.job)
        try await eventually("it runs") { try await client.result(first, wait: .zero).state == .running }
        let (low, _) = WireJobSpecification.sum(100_000, seed: 1, key: "low")
        var (high, _) = WireJobSpecification.sum(100_000, seed: 2, key: "high")
        high.priority = 1_000
        let jobs = try await client.submit([low, high]).map { try #require($0.job) }
        var started: [Int64] = []
        for job in jobs {
            let status = try await client.result(job, wait: .milliseconds(60_000))
            #expect(status.result.outcome == .ok)
            started.append(status.startedUnixMs)
        }
        #expect(started[1] <= started[0])
    }
}
