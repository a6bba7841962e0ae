import Foundation
import TestSupport
import Testing

/// The trace of a job on the farm equals the trace of the same evaluation on this machine, byte for byte.
@Suite struct TraceTests {
    private static let source = """
        let
          count = n: if n == 0 then builtins.length [ ] else count (n - 1);
          fails = builtins.tryEval (throw "no");
        in
        { a = count 3; b = map (x: x + 1) [ 1 2 ]; c = fails.success; d = with { e = 1; }; e; }
        """

    @Test(arguments: ["calls", "ops"])
    func aJobsTraceIsTheLocalOne(level: String) async throws {
        let farm = try await TestFarm(clients: ["acme/one"])
        try farm.startWorker(0)
        let (keys, file) = ("\(farm.directory)/keys", "\(farm.directory)/traced.nix")
        try Self.source.write(toFile: file, atomically: true, encoding: .utf8)
        let connection = [
            "--endpoint", "ipc://\(farm.directory)/clients", "--key", "\(keys)/client-acme-one.cert_secret",
            "--server-key", "\(keys)/coordinator.cert",
        ]
        let submitted = try await FarmProcess.run(
            ["submit", "--wait", "--json", "--strict", "--system", "", "--trace", level, file] + connection)
        #expect(submitted.code == 0, "\(submitted.errors)")
        struct Report: Decodable { var job: UInt64 }
        let job = try JSONDecoder().decode(Report.self, from: Data(submitted.output.utf8)).job
        let remote = try await FarmProcess.run(["trace", "--job", "\(job)", "--format", "text"] + connection)
        #expect(remote.code == 0, "\(remote.errors)")
        // A job has no environment and, here, no system; so the evaluation to compare it with has neither.
        let firn = FarmProcess.executable.deletingLastPathComponent().appending(path: "firn")
        let local = try ChildProcess(
            firn, ["trace", "--pure", "--level", level, file], environment: ProcessInfo.processInfo.environment)
        try await eventually("the local trace ends") { !local.isRunning }
        #expect(await local.end() == 0, "\(local.errors)")
        #expect(remote.output.contains("=== exiting frame 2 ==="), "\(remote.output)")
        #expect(local.output == remote.output)
    }
}
