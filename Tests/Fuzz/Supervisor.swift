import Foundation
import Fuzzing
import NixEval
import Platform

/// Starts workers until the time is over, and detects the findings that a worker cannot report itself: a case that ends
/// the process, does not terminate, or exhausts the memory.
struct Supervisor {
    private let target: String
    private let seconds: Double
    private var seed: UInt64
    private let folder: String
    private var cases = 0
    private var losses = 0

    /// The processor time in seconds after which a case counts as hanging; a run normally ends within about one.
    /// Elapsed time would be unreliable on a busy machine.
    private static let hangSeconds = 20.0
    /// The elapsed time in seconds after which a case counts as hanging even if it uses no processor time.
    private static let idleSeconds = 300.0
    /// The bytes of a worker's memory above which its case is a finding.
    private static let mostBytes = 3 << 30

    init(target: String, seconds: Double, seed: UInt64) {
        self.target = target
        self.seconds = seconds
        self.seed = seed
        folder = ".build/fuzz/\(target)-\(seed)"
    }

    /// Runs the workers and returns the exit code, which is 1 if there were findings.
    mutating func run() -> Int32 {
        // Findings of an earlier run with the same seed may be about older code.
        try? FileManager.default.removeItem(atPath: folder)
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        FileHandle.standardOutput.write(Data("seed \(seed), findings in \(folder)\n".utf8))
        let begin = MonotonicClock.now()
        while true {
            let left = seconds - Double(MonotonicClock.now() - begin) / 1e9
            if left <= 0.5 { break }
            watch(left)
        }
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder).filter { $0 != "progress" }) ?? []
        let elapsed = Double(MonotonicClock.now() - begin) / 1e9
        print("\(cases) cases in \(Int(elapsed)) s, \(losses) workers lost, \(files.count) findings")
        return files.isEmpty ? 0 : 1
    }

    /// Runs one worker until it ends or its case counts as hanging.
    private mutating func watch(_ left: Double) {
        let first = seed
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        process.arguments = ["work", target, "\(seed)", "\(left)", folder]
        // The case of a worker that is ended by a signal is reported, so a backtrace is not needed.
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        do { try process.run() } catch {
            print("the worker cannot be started: \(error)")
            exit(2)
        }
        var at = (seed: seed, index: 0)
        var since = MonotonicClock.now()
        var usedBefore = 0.0
        var cause: String?
        while process.isRunning {
            usleep(20_000)
            let now = progress() ?? at
            let used = processorSeconds(process.processIdentifier)
            if now != at { (at, since, usedBefore) = (now, MonotonicClock.now(), used) }
            let idle = Double(MonotonicClock.now() - since) / 1e9
            if used - usedBefore > Self.hangSeconds || idle > Self.idleSeconds { cause = "hang" }
            if residentBytes(process.processIdentifier) > Self.mostBytes { cause = "memory of the process" }
            if cause != nil {
                kill(process.processIdentifier, SIGKILL)
                break
            }
        }
        process.waitUntilExit()
        at = progress() ?? at
        cases += target == "jobs" ? Int(at.seed - first) * 200 + max(0, at.index) : Int(at.seed - first)
        seed = at.seed &+ 1
        if cause == nil, process.terminationReason == .exit, process.terminationStatus == 0 { return }
        losses += 1
        lost(at.seed, at.index, cause ?? "crash \(process.terminationStatus)")
    }

    private func lost(_ seed: UInt64, _ index: Int, _ cause: String) {
        var found = FuzzCase(target: target, seed: seed)
        found.note = cause
        switch target {
        case "sources": found.body = HostileSource.make(seed: seed)
        case "limits": found.body = HostileSource.make(seed: seed, size: 8, isHeavy: true)
        case "jobs": found.count = index + 1
        default:
            let programs = Corpus.programs
            found.body = FuzzCase.digits(Self.mutant(seed, programs) ?? [])
        }
        let path = "\(folder)/\(target)-\(cause.replacing(" ", with: "-"))-\(seed)"
        try? found.text.write(toFile: path, atomically: true, encoding: .utf8)
        print("\(cause), seed \(seed): \(path)")
    }

    private static func mutant(_ seed: UInt64, _ programs: [[UInt8]]) -> [UInt8]? {
        guard let original = ProgramTarget.program(programs[Int(seed % UInt64(programs.count))]) else { return nil }
        return ProgramTarget.mutant(of: original, seed: seed)
    }

    private func progress() -> (seed: UInt64, index: Int)? {
        guard let text = try? String(contentsOfFile: "\(folder)/progress", encoding: .utf8) else { return nil }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let seed = UInt64(words[0]), let index = Int(words[1]) else { return nil }
        return (seed, index)
    }

    /// The processor time of all threads of a process in seconds.
    private func processorSeconds(_ process: Int32) -> Double {
        let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        // The name in parentheses may contain spaces. The 14th and 15th field are the user and system time, in ticks of
        // 1/100 s.
        let words = text?.split(separator: ")").last?.split(separator: " ") ?? []
        guard words.count > 12, let user = Double(words[11]), let system = Double(words[12]) else { return 0 }
        return (user + system) / 100
    }

    private func residentBytes(_ process: Int32) -> Int {
        let text = try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8)
        let words = text?.split(separator: " ") ?? []
        return words.count > 1 ? (Int(words[1]) ?? 0) * 4096 : 0
    }
}
