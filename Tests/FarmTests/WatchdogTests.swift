import FirnClient
import FirnProtocol
import FirnWorker
import Foundation
import Logging
import ServiceLifecycle
import TestSupport
import Testing

/// A coordinator, a supervisor, and worker processes that do not stop when they are asked to.
@Suite(.serialized) struct WatchdogTests {
    private static let stubbornWorker = FarmProcess.executable.deletingLastPathComponent()
        .appending(path: "stubborn-worker")

    private func coordinator(_ directory: String) async throws -> FarmProcess {
        var arguments = ["coordinator", "--store", "\(directory)/store", "--set", "plainTenant=acme"]
        for endpoint in Endpoint.allCases {
            arguments += ["--set", "endpoints.\(endpoint.rawValue)=ipc://\(directory)/\(endpoint.rawValue)"]
        }
        let process = try FarmProcess(arguments + ["--set", "logLevel=warning"])
        try await eventually("the coordinator is ready") { process.output.contains("ready") }
        return process
    }

    @Test func aJobThatNeverStopsIsQuarantinedWithTheCauseAndItsNeighboursRun() async throws {
        let directory = NSTemporaryDirectory() + "firn-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let coordinator = try await coordinator(directory)
        var supervised = WorkerSupervisor.Configuration(
            processes: 1, executable: Self.stubbornWorker.path
        ) { _ in ["ipc://\(directory)/workers", "w"] }
        supervised.cancelGrace = .milliseconds(200)
        supervised.drainTimeout = .seconds(5)
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let supervisor = try WorkerSupervisor(supervised, logger: logger)
        let group = ServiceGroup(services: [supervisor], logger: logger)
        let serving = Task { try await group.run() }
        var configuration = ClientConfiguration(endpoint: "ipc://\(directory)/clients", security: .plain)
        configuration.unreachableAfter = .seconds(600)
        let client = try await FirnClient.connect(configuration)
        var jobs = (0..<10).map { WireJobSpecification(source: "neighbour \($0)", key: "\($0)") }
        var stubborn = WireJobSpecification(source: "stubborn", key: "stubborn")
        stubborn.limits.timeoutMs = 100
        jobs.insert(stubborn, at: 5)
        let (receipts, updates) = try await client.submitAndWatch(jobs)
        var results: [UInt64: WireJobStatus] = [:]
        for try await status in updates where status.state == .finished { results[status.job] = status }
        for (receipt, job) in zip(receipts, jobs) {
            let number = try #require(receipt.job)
            let status = try #require(results[number])
            if job == stubborn {
                #expect(status.outcome == .quarantined)
                #expect(status.lostWorkers.count == 3)
                let cause = "the evaluation did not stop within 200 ms of its deadline or cancellation"
                #expect(status.lostWorkers.allSatisfy { $0.contains(cause) }, "\(status.lostWorkers)")
            } else {
                #expect(status.outcome == .ok && status.result.value == job.source.text)
                #expect(status.lostWorkers.isEmpty, "it only waited in a process that was lost")
            }
        }
        await client.close()
        await group.triggerGracefulShutdown()
        try await serving.value
        coordinator.signal(SIGTERM)
        try await coordinator.end()
    }

    /// A worker with a single process is supervised as well.
    @Test func aSingleProcessIsSupervised() async throws {
        let farm = try await TestFarm(settings: KillTests.settings)
        try farm.startWorker(0)
        let operators = try await farm.connectOperator()
        func process() async throws -> Int32? {
            guard try await !operators.workers().isEmpty else { return nil }
            return Self.children(of: farm.workers[0].id).first
        }
        var first: Int32?
        try await eventually("the worker is connected") {
            first = try await process()
            return first != nil
        }
        kill(try #require(first), SIGKILL)
        let client = try await farm.connect()
        let job = try #require(try await client.submit([WireJobSpecification(source: "1 + 1")]).first?.job)
        #expect(try await client.result(job, wait: .milliseconds(60_000)).outcome == .ok)
        #expect(Self.children(of: farm.workers[0].id).first != first)
        #expect(farm.workers[0].isRunning)
    }

    private static func children(of process: Int32) -> [Int32] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
        return tasks.flatMap { task -> [Int32] in
            let list = FileManager.default.contents(atPath: "/proc/\(process)/task/\(task)/children") ?? Data()
            return String(decoding: list, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
        }
    }
}
