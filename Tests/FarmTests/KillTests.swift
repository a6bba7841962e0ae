import FirnClient
import FirnProtocol
import Foundation
import TestSupport
import Testing
import ZeroMQ

/// Kills processes while jobs run, and between a commit and its acknowledgement. Whatever is killed, every accepted job
/// has exactly one outcome, and no outcome is written twice.
@Suite(.serialized) struct KillTests {
    /// Leases are short, so that a lost worker's jobs soon run again. Jobs are not quarantined, because these workers
    /// are killed on purpose.
    static let settings = ["leaseMs=1500", "heartbeatMs=200", "recoveryGraceMs=1500", "lostWorkersToQuarantine=1000"]

    /// The kills of each kind; together at least 20 of workers and 20 of coordinators.
    static let rounds = 10

    /// Jobs in progress, with the values that they must have.
    private final class Load {
        let client: FirnClient
        var expected: [UInt64: String] = [:]
        private var generator: SeededGenerator
        private var count = 0

        init(_ client: FirnClient, seed: UInt64) {
            self.client = client
            generator = SeededGenerator(seed: seed)
        }

        /// Submits jobs, each of which adds up 100,000 numbers `times` times.
        func add(_ jobs: Int, times: Int = 1) async throws {
            var made: [(job: WireJobSpecification, value: String)] = []
            for _ in 0..<jobs {
                count += 1
                let numbers = times > 1 ? 100_000 : Int.random(in: 1_000...100_000, using: &generator)
                made.append(WireJobSpecification.sum(numbers, times: times, seed: count, key: "load-\(count)"))
            }
            let receipts = try await client.submit(made.map(\.job))
            for (receipt, (_, value)) in zip(receipts, made) {
                let job = try #require(receipt.job, "\(receipt)")
                #expect(expected[job] == nil, "a job's id is given once")
                expected[job] = value
            }
        }

        func pick<Element>(_ elements: [Element]) -> Element? { elements.randomElement(using: &generator) }

        /// Waits for every job and compares its value.
        func check(_ audit: OutcomeAudit) async throws {
            var finished: Set<UInt64> = []
            for try await status in try await client.watch(expected.keys.sorted()) where status.state == .finished {
                #expect(status.result.outcome == .ok, "job \(status.job): \(status.result)")
                #expect(String(decoding: status.result.value, as: UTF8.self) == expected[status.job])
                finished.insert(status.job)
            }
            #expect(finished == Set(expected.keys), "an accepted job is lost")
            #expect(try audit.repeated == 0, "an outcome is written twice")
            #expect(try audit.audited >= expected.count)
        }
    }

    private func farm(workers: Int) async throws -> (TestFarm, OutcomeAudit, Load) {
        let farm = try await TestFarm(settings: Self.settings)
        let audit = try OutcomeAudit(store: "\(farm.directory)/store")
        for index in 0..<workers { try farm.startWorker(index) }
        return (farm, audit, Load(try await farm.connect(), seed: 42))
    }

    @Test func killedWorkersLoseNothing() async throws {
        let (farm, audit, load) = try await farm(workers: 2)
        let operators = try await farm.connectOperator()
        for round in 0..<2 * Self.rounds {
            let isSeen = round.isMultiple(of: 2)
            if isSeen {
                let running = try await seenRunning(load, audit, operators)
                let name = try #require(load.pick(running))
                let index = try #require(Int(name.dropFirst()))
                try await farm.workers[index].killNow()
                try farm.startWorker(index)
            } else {
                let outcomes = try audit.outcomes
                try await load.add(20)
                // Kills right after a commit, whose acknowledgement may still be on its way to the worker.
                try await eventually("another outcome is committed", pause: nil) { try audit.outcomes > outcomes }
                let index = try #require(load.pick([0, 1]))
                try await farm.workers[index].killNow()
                try farm.startWorker(index)
            }
        }
        try await load.check(audit)
    }

    /// The workers that run jobs of this load.
    ///
    /// A job is reported as running only by a heartbeat, and so only if it runs for longer than a heartbeat's interval.
    /// Longer jobs are added until one is.
    private func seenRunning(_ load: Load, _ audit: OutcomeAudit, _ operators: FirnClient) async throws -> [String] {
        var running: [String] = []
        var times = 20
        try await eventually("a worker runs a job") {
            if try audit.audited >= load.expected.count {
                times *= 2
                try await load.add(2, times: times)
            }
            running = try await operators.workers().filter { $0.leases.contains(where: \.running) }.map(\.name)
            return !running.isEmpty
        }
        return running
    }

    @Test func killedCoordinatorsLoseNothing() async throws {
        let (farm, audit, load) = try await farm(workers: 2)
        for round in 0..<2 * Self.rounds {
            let outcomes = try audit.outcomes
            try await load.add(20)
            if round.isMultiple(of: 2) {
                try await eventually("a job is leased") { try audit.leased > 0 || audit.outcomes > outcomes }
            } else {
                // Kills when workers and client have not been told of the last commit, or have just been told.
                try await eventually("another outcome is committed", pause: nil) { try audit.outcomes > outcomes }
            }
            try await farm.coordinator?.killNow()
            try await farm.startCoordinator()
        }
        try await load.check(audit)
    }

    @Test func aSubmitWhoseAcknowledgementIsLostIsNotRunTwice() async throws {
        let (farm, audit, load) = try await farm(workers: 1)
        for round in 0..<Self.rounds {
            let (job, value) = WireJobSpecification.sum(1_000 + round, seed: round, key: "lost-\(round)")
            // A client that never reads loses the reply together with its socket.
            let socket = try submitWithoutReading(farm, job)
            try await eventually("the job is committed", pause: nil) { try audit.job(key: "lost-\(round)") != nil }
            try await farm.coordinator?.killNow()
            _ = consume socket
            try await farm.startCoordinator()
            let committed = try #require(try audit.job(key: "lost-\(round)"))
            let receipts = try await load.client.submit([job])
            #expect(receipts == [.accepted(job: committed, isDuplicate: true)])
            load.expected[committed] = value
        }
        try await load.check(audit)
        #expect(try audit.jobs == Self.rounds)
    }

    private func submitWithoutReading(_ farm: TestFarm, _ job: WireJobSpecification) throws -> Socket {
        var options = SocketOptions()
        options.security = try farm.security(key: "client-acme-one")
        let socket = try Socket(.dealer, context: Context(), options: options)
        try socket.connect("ipc://\(farm.directory)/clients")
        let submit = WireSubmit.with { $0.jobs = [Data(job.encoded())] }
        for request in [ClientRequest.hello(WireClientHello()), .submit(submit)] {
            let frames = Envelope(request, correlation: request.kind == .clientHello ? 1 : 2).frames()
            #expect(try socket.send(frames) == .sent)
        }
        return socket
    }
}
