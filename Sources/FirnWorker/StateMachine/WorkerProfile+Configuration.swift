import FirnProtocol
import Glibc
import NixEval

extension WorkerProfile {
    /// What the configured worker announces in each hello.
    ///
    /// - Parameter predecessor: the process that this one replaces.
    init(_ configuration: WorkerConfiguration, roots: [WireRoot], predecessor: Predecessor?) {
        var generator = SystemRandomNumberGenerator()
        let hello = WireWorkerHello.with {
            $0.name = configuration.name
            $0.instance = .init((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
            $0.software = configuration.software
            $0.evaluatorVersions = [Evaluator.version]
            $0.roots = roots
            $0.host = Self.hostName
            $0.process = UInt32(bitPattern: getpid())
            $0.builds = configuration.builder != nil
            $0.closures = true
            if let predecessor { $0.predecessor = predecessor.wire }
        }
        self.init(
            hello: hello, heldJobs: configuration.heldJobs, uncommittedResults: configuration.uncommittedResults,
            uncommittedBytes: configuration.uncommittedBytes,
            longJob: configuration.longJob, drainTimeout: configuration.drainTimeout)
        endpoint = configuration.endpoint
        traceEndpoint = configuration.traceEndpoint
    }

    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
