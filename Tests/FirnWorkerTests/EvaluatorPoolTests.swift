import FirnProtocol
import Foundation
import Logging
import NixStore
import ServiceLifecycle
import Testing
import ZeroMQ

@testable import FirnWorker

/// The processes that evaluate, and what they and the connection's process tell each other.
@Suite struct EvaluatorPoolTests {
    /// An evaluator that answers with its process when it is asked to.
    private static let stubbornWorker: String = {
        let bundle = URL(filePath: CommandLine.arguments.first ?? ".").standardizedFileURL
        return bundle.deletingLastPathComponent().appending(path: "stubborn-worker").path
    }()

    /// The source that has the id of the process that evaluates it as its value.
    private static let ownProcess = "syscall \(getpidNumber)"
    // The number of the system call on the processors that Swift supports here.
    #if arch(x86_64)
        private static let getpidNumber = 39
    #else
        private static let getpidNumber = 172
    #endif

    /// Runs jobs of tenants, one after the other.
    ///
    /// - Returns: the hello of the worker, and the processes that evaluated the jobs.
    private func processes(
        of tenants: [String], kept: Int
    ) async throws -> (hello: WireWorkerHello, processes: [String]) {
        let coordinator = try TestCoordinator(context: Context())
        try await coordinator.start()
        var configuration = WorkerConfiguration(name: "w", endpoint: await coordinator.endpoint)
        configuration.evaluators = EvaluatorLaunch(executable: Self.stubbornWorker)
        configuration.evaluators?.tenants = kept
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let group = ServiceGroup(services: [try WorkerService(configuration, logger: logger)], logger: logger)
        let serving = Task { try await group.run() }
        var hello = WireWorkerHello()
        if case .hello(let received) = await coordinator.next(.workerHello) { hello = received }
        var processes: [String] = []
        for (index, tenant) in tenants.enumerated() {
            let job = WireJobSpecification.with { $0.source.text = Data(Self.ownProcess.utf8) }
            let assignment = WireAssignment.with {
                $0.job = UInt64(index + 1)
                $0.attempt = 1
                $0.leaseMs = 10_000
                $0.specification = .init(job.encoded())
                $0.tenant = tenant
            }
            try await coordinator.send(.dispatch(.with { $0.assignments = [assignment] }))
            let value = await coordinator.results(1)[UInt64(index + 1)]?.value ?? Data()
            processes.append(String(decoding: value, as: UTF8.self))
        }
        await group.triggerGracefulShutdown()
        try await serving.value
        return (hello, processes)
    }

    @Test func noProcessEvaluatesJobsOfTwoTenants() async throws {
        let (hello, processes) = try await processes(of: ["a", "b", "a", "a", "b"], kept: 2)
        let (first, second) = (processes[0], processes[1])
        #expect(first != second && Int(first) != nil && first != "\(getpid())")
        #expect(processes == [first, second, first, first, second])
        #expect(hello.sandbox.contains { $0.name == "seccomp" && $0.state == .on }, "\(hello.sandbox)")
    }

    @Test func theProcessOfATenantEndsWhenAnotherNeedsItsPlace() async throws {
        let (_, processes) = try await processes(of: ["a", "b", "a"], kept: 1)
        #expect(Set(processes).count == 3, "\(processes)")
    }

    @Test func framesAndJobsAreReadAsTheyWereWritten() throws {
        let header = EvaluatorFrame.header(.upload, bodyBytes: 0x0102_0304)
        let read = try #require(EvaluatorFrame.read(header))
        #expect(read.kind == .upload && read.bodyBytes == 0x0102_0304)
        #expect(EvaluatorFrame.read([0, 0, 0, 0, 99]) == nil && EvaluatorFrame.read([1]) == nil)
        let key = LeaseKey(job: .max - 1, attempt: 7)
        #expect(LeaseKey(frameBytes: key.frameBytes) == key && LeaseKey(frameBytes: [1]) == nil)
        let image = EvaluatorJob.Image(
            set: 1, identity: [1, 2], path: "/images/x",
            file: FileIdentity(device: 1, inode: 2, size: 3, modified: 4, changed: 5))
        let job = EvaluatorJob(
            windowBytes: 5, segmentBytes: 6, image: image, assignment: .with { $0.job = 8 })
        let again = try #require(EvaluatorJob(encoded: job.encoded))
        #expect(again.windowBytes == 5 && again.segmentBytes == 6 && again.image == image && again.assignment.job == 8)
        for length in 0..<12 { #expect(EvaluatorJob(encoded: Array(job.encoded.prefix(length))) == nil) }
    }

    /// Uploads of another process are passed on within the window that it keeps to itself.
    @Test func uploadsBeyondTheWindowAreRefused() {
        let channel = UploadChannel(key: LeaseKey(job: 1, attempt: 1), windowBytes: 100) {}
        func upload(_ number: UInt32) -> WireUpload {
            .with {
                $0.number = number
                $0.segment = .with { $0.pieces = [.with { $0.bytes = Data(count: 80) }] }
            }
        }
        #expect(!channel.relay(upload(1)), "the first one has the number 0")
        #expect(channel.relay(upload(0)))
        #expect(!channel.relay(upload(1)), "the first one is not stored")
        channel.deliver(.with { $0.stored = 1 })
        #expect(channel.relay(upload(1)) && channel.take().count == 2)
    }
}
