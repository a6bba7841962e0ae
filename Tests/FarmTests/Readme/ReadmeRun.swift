import Foundation
import TestSupport

/// Follows a section of README.md in a folder of its own, where the files lie that its commands name.
final class ReadmeRun {
    let folder = URL(filePath: NSTemporaryDirectory()).appending(path: "firn-readme-\(UUID().uuidString.prefix(8))")
    private var host: URL
    private var hosts: [URL] = []
    private var exports: [String] = []
    private var servers: [ChildProcess] = []
    /// All that differs from what is printed: the machines of a farm are folders here, its ports are free ones of this
    /// machine, and what lies at fixed places lies in the folder.
    private let substitutions: [(printed: String, used: String)]

    /// Commands that serve until they are ended, with what they print when others can go on.
    private static let serving = [("firn farm ", "ready"), ("firn coordinator ", "ready"), ("firn worker ", "")]

    init() throws {
        host = folder
        let ports = try FreePorts.find(4)
        var substitutions = [
            ("firn farm /tmp/farm", "firn farm \(folder.path)/farm --port 0"),
            ("/tmp/farm", "\(folder.path)/farm"), ("/var/lib/firn", "\(folder.path)/store"),
            ("/srv/nixpkgs", "\(folder.path)/nixpkgs"),
        ]
        for (index, port) in ports.enumerated() {
            for name in ["0.0.0.0", "farm"] {
                substitutions.append(("tcp://\(name):\(7701 + index)", "tcp://127.0.0.1:\(port)"))
            }
        }
        self.substitutions = substitutions
        for (name, text) in Self.files {
            let file = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
    }

    deinit {
        servers.removeAll()
        try? FileManager.default.removeItem(at: folder)
    }

    /// The files that a reader is assumed to have.
    private static let files = [
        ("lib.nix", "let double = x: 2 * x; in { four = double 2; }"),
        ("lib/strings.nix", "{ shout = s: s + \"!\"; }"),
        (
            "lib/hello.nix",
            "derivation { name = \"hello\"; system = builtins.currentSystem; builder = \"/bin/sh\"; src = ./strings.nix; }"
        ),
        ("default.nix", "import ./lib.nix"),
        ("config.nix", "{ name }: { services.web = { inherit name; port = 80; }; }"),
        ("untrusted.nix", "builtins.length (builtins.genList (x: x) 1000)"),
        ("project/main.nix", "import ./part.nix + 1"), ("project/part.nix", "41"),
        ("nixpkgs/flake.nix", "{ outputs = _: { lib.version = \"1.0\"; }; }"),
        ("site/nixpkgs/flake.nix", "{ outputs = _: { lib.version = \"0.9\"; }; }"),
        (
            "site/flake.nix",
            """
            {
              inputs.nixpkgs.url = "path:./nixpkgs";
              outputs = { self, nixpkgs }: {
                inherit (nixpkgs) lib;
                packages.x86_64-linux.hello = derivation { name = "hello"; system = "x86_64-linux"; builder = "/bin/sh"; };
              };
            }
            """
        ),
        (
            "nixpkgs/default.nix",
            """
            { system ? builtins.currentSystem, ... }: {
              lib.version = "1.0";
              hello = derivation { name = "hello"; inherit system; builder = "/bin/sh"; };
            }
            """
        ),
    ]

    func follow(_ section: Readme.Section) async throws {
        for step in section.steps {
            switch step {
            case .host(let name): try enter(name)
            case .copy(let files, let name):
                try enter(name)
                for file in files { try copy(file) }
            case .file(let name, let content):
                try Data(used(content).utf8).write(to: host.appending(path: name))
            case .command(let line): try await run(line)
            case .other(let line): throw ReadmeFault(line: line, reason: "it is no command")
            }
        }
    }

    private func enter(_ name: String) throws {
        host = folder.appending(path: name)
        hosts.append(host)
        try FileManager.default.createDirectory(at: host, withIntermediateDirectories: true)
    }

    /// From the machine that has the file.
    private func copy(_ file: String) throws {
        let known = hosts.map { $0.appending(path: file) }
        guard let source = known.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
            throw ReadmeFault(line: file, reason: "no machine has this file")
        }
        try FileManager.default.copyItem(at: source, to: host.appending(path: source.lastPathComponent))
    }

    private func used(_ printed: String) -> String {
        substitutions.reduce(printed) { $0.replacing($1.printed, with: $1.used) }
    }

    private func run(_ line: String) async throws {
        let command = used(line)
        if line.hasPrefix("export ") { return exports.append(command) }
        let server = Self.serving.first { line.hasPrefix($0.0) }
        let script = (exports + [server == nil ? command : "exec \(command)"]).joined(separator: "\n")
        let process = try ChildProcess(
            URL(filePath: "/bin/sh"), ["-c", script],
            environment: [
                "HOME": folder.path, "FIRN_CACHE_DIR": "\(folder.path)/cache", "LC_ALL": "C.UTF-8",
                // Tests also run as root, in containers.
                "FIRN_WORKER_ALLOW_ROOT": "true",
                "PATH": "\(FarmProcess.executable.deletingLastPathComponent().path):/usr/bin:/bin",
            ], in: host)
        if let server {
            servers.append(process)
            try await eventually("'\(line)' is ready") {
                guard process.isRunning else { throw ReadmeFault(line: line, reason: process.errors) }
                return server.1.isEmpty || process.output.contains(server.1)
            }
            return
        }
        try await eventually("'\(line)' ends", within: 120) { !process.isRunning }
        let code = await process.end()
        if code != 0 { throw ReadmeFault(line: line, reason: "code \(code): \(process.output)\(process.errors)") }
    }
}

/// A command of README.md that fails.
struct ReadmeFault: Error, CustomStringConvertible {
    let line: String
    let reason: String
    var description: String { "'\(line)': \(reason)" }
}

/// Free ports of this machine.
enum FreePorts {
    static func find(_ count: Int) throws -> [UInt16] {
        var sockets: [Int32] = []
        defer { for socket in sockets { close(socket) } }
        return try (0..<count).map { _ in
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            sockets.append(descriptor)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    unsafe bind(descriptor, pointer, size) == 0 && getsockname(descriptor, pointer, &size) == 0
                }
            }
            guard isBound else { throw POSIXError(.EADDRINUSE) }
            return UInt16(bigEndian: address.sin_port)
        }
    }
}
