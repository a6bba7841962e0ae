import Glibc

@testable import Sandbox

/// A process that enters some parts of a sandbox, and then attempts something.
///
/// Usage: stubborn-worker probe PARTS READABLE WRITABLE WORD...
///
/// PARTS are names separated by commas; `namespace` is the mount namespace by itself. READABLE and WRITABLE are paths
/// separated by colons. The answer is printed.
enum Probe {
    static func run(_ words: [String]) -> Never {
        guard words.count > 3 else { exit(2) }
        let names = words[0].split(separator: ",").map(String.init)
        var policy = SandboxPolicy()
        for part in SandboxPart.allCases { policy[part] = names.contains(part.rawValue) ? .required : .off }
        policy.readable = words[1].split(separator: ":").map(String.init)
        policy.writable = words[2].split(separator: ":").map(String.init)
        policy.limits.openFiles = 64
        do {
            if names.contains("namespace") { _ = try MountNamespace.enter(policy) }
            _ = try Sandbox.enter(policy)
        } catch {
            print("refused: \(error)")
            exit(1)
        }
        print(Attempt.perform(Array(words.dropFirst(3))) ?? "unknown")
        exit(0)
    }
}
