import CRawSystemCalls
import Foundation
import TestSupport
import Testing

@testable import Sandbox

/// Each part of the sandbox, in a process that enters that part alone.
@Suite struct SandboxTests {
    private let folder = NSTemporaryDirectory() + "firn-sandbox-\(UUID().uuidString.prefix(8))"

    init() throws {
        for name in ["readable", "writable"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            try Data("text".utf8).write(to: URL(filePath: "\(folder)/\(name)/file"))
        }
        try Data("secret".utf8).write(to: URL(filePath: "\(folder)/secret"))
    }

    private struct Ending: Equatable {
        var code: Int32
        var output = ""
    }

    /// Runs a process that enters parts, and attempts something.
    private func probe(
        _ parts: [SandboxPart], namespace: Bool = false, writable: Bool = true, _ words: String...
    ) async throws -> Ending {
        let bundle = URL(filePath: CommandLine.arguments.first ?? ".").standardizedFileURL
        let names = parts.map(\.rawValue) + (namespace ? ["namespace"] : [])
        let process = try ChildProcess(
            bundle.deletingLastPathComponent().appending(path: "stubborn-worker"),
            [
                "probe", names.joined(separator: ","), "\(folder)/readable", writable ? "\(folder)/writable" : "",
            ] + words, environment: ProcessInfo.processInfo.environment)
        let code = await process.end()
        return Ending(code: code, output: process.output.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private let killed = Ending(code: -SIGSYS)

    @Test func aPartIsOptionalUnlessItsModeIsSet() throws {
        var policy = SandboxPolicy()
        policy[.files] = .required
        #expect(policy[.files] == .required)
        #expect(policy[.systemCalls] == .optional)
        let copy = try JSONDecoder().decode(SandboxPolicy.self, from: JSONEncoder().encode(policy))
        #expect(copy == policy)
    }

    /// The socket call, of which every processor has one.
    private var socketCall: String { "\(SYS_socket)" }

    @Test func aCallThatIsNotAllowedEndsTheProcess() async throws {
        #expect(try await probe([.systemCalls], "syscall", socketCall, "2", "1").code == killed.code)
        #expect(try await probe([], "syscall", socketCall, "2", "1").code == 0)
        #expect(try await probe([.systemCalls], "syscall", "\(SYS_getpid)").code == 0)
    }

    @Test func withoutWritableFilesNothingIsOpenedForWriting() async throws {
        let path = "\(folder)/writable/new"
        #expect(try await probe([.systemCalls], writable: false, "write", path).code == killed.code)
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(try await probe([.systemCalls], "write", path).code == 0)
    }

    @Test func onlyTheNamedFilesAreOpened() async throws {
        let denied = Ending(code: 0, output: "error \(EACCES)")
        try #require(Sandbox.hasLandlock, "the kernel has no Landlock: the test of the mount namespace takes its place")
        #expect(try await probe([.files], "read", "\(folder)/readable/file").output.hasPrefix("error") == false)
        #expect(try await probe([.files], "read", "\(folder)/secret") == denied)
        #expect(try await probe([.files], "read", "/etc/passwd") == denied)
        #expect(try await probe([.files], "write", "\(folder)/readable/file") == denied)
        #expect(try await probe([.files], "write", "\(folder)/readable/new") == denied)
        #expect(try await probe([.files], "write", "\(folder)/writable/new").output.hasPrefix("error") == false)
    }

    @Test func aMountNamespaceHasTheNamedFilesAlone() async throws {
        let (absent, readOnly) = (Ending(code: 0, output: "error \(ENOENT)"), "error \(EROFS)")
        #expect(
            try await probe([], namespace: true, "read", "\(folder)/readable/file").output.hasPrefix("error") == false)
        #expect(try await probe([], namespace: true, "read", "\(folder)/secret") == absent)
        #expect(try await probe([], namespace: true, "read", "/etc/passwd") == absent)
        #expect(try await probe([], namespace: true, "write", "\(folder)/readable/new").output == readOnly)
        #expect(
            try await probe([], namespace: true, "write", "\(folder)/writable/new").output.hasPrefix("error") == false)
    }

    @Test func limitsHold() async throws {
        // The 65th descriptor.
        let copy = ["syscall", "\(SYS_fcntl)", "0", "\(F_DUPFD)", "64"]
        #expect(try await probe([.limits], copy[0], copy[1], copy[2], copy[3], copy[4]).output == "error \(EINVAL)")
        #expect(try await probe([], copy[0], copy[1], copy[2], copy[3], copy[4]).output == "64")
    }

    @Test func noPrivilegesAreGained() async throws {
        let ask = "\(SYS_prctl)"
        #expect(try await probe([.noNewPrivileges], "syscall", ask, "\(PR_GET_NO_NEW_PRIVS)").output == "1")
        #expect(try await probe([], "syscall", ask, "\(PR_GET_NO_NEW_PRIVS)").output == "0")
    }

    @Test func theMemoryIsHidden() async throws {
        let ask = "\(SYS_prctl)"
        #expect(try await probe([.notDumpable], "syscall", ask, "\(PR_GET_DUMPABLE)").output == "0")
        #expect(try await probe([], "syscall", ask, "\(PR_GET_DUMPABLE)").output == "1")
    }

    @Test func rootIsRefusedIfThatIsRequired() async throws {
        let ending = try await probe([.notRoot], "syscall", "\(SYS_getpid)")
        #expect(ending.code == (geteuid() == 0 ? 1 : 0))
        #expect(geteuid() != 0 || ending.output.contains("start the worker as another user"))
    }

    /// Root keeps no capability: it cannot change the owner of a file.
    @Test func capabilitiesAreGivenUp() async throws {
        let ask = ["syscall", "\(SYS_prctl)", "\(PR_CAPBSET_READ)", "0"]
        guard geteuid() == 0 else { return }
        #expect(try await probe([.files], ask[0], ask[1], ask[2], ask[3]).output == "0")
        #expect(try await probe([], ask[0], ask[1], ask[2], ask[3]).output == "1")
    }

    /// Without a delegated group the part is missing, and where it is required the process is refused.
    @Test func aControlGroupMustBeDelegated() async throws {
        let ending = try await probe([.controlGroup], "syscall", "\(SYS_getpid)")
        #expect(ending.code == 1 && ending.output.contains("no control group is delegated"), "\(ending)")
        var group = SandboxPolicy.ControlGroup()
        group.parent = folder
        let missing = #expect(throws: PartMissing.self) { try ControlGroup.enter(group) }
        #expect(missing?.reason.contains("is not a control group of version 2") == true)
    }
}
