import FirnCommands
import FoundationEssentials
import Glibc
import NixStore

/// One side of a comparison: lines that are there, or a package set that is evaluated.
struct ComparedSide: Sendable {
    /// A file of lines, `-` for standard input, or what `firn eval-jobs` takes.
    let word: String
    /// The arguments for `firn eval-jobs`.
    let arguments: [String]

    /// Whether the word names a package set: a directory, a file of Nix, or a flake.
    var isEvaluated: Bool {
        if word.hasSuffix(".nix") || word.contains("#") || word.hasPrefix("<") { return true }
        var status = stat()
        guard word != "-", unsafe stat(word, &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFDIR
    }

    /// Reads the lines, or evaluates the package set in a farm of its own.
    ///
    /// - Throws: `CommandFailure` if that fails.
    func evaluation() async throws -> Evaluation {
        guard isEvaluated else { return try await Evaluation.read(LineReader(path: word), name: word) }
        let process = try EvaluationProcess(arguments: ["eval-jobs", word, "--meta", "--stats"] + arguments)
        let evaluation: Evaluation
        do {
            evaluation = try await Evaluation.read(LineReader(descriptor: process.output), name: "firn eval-jobs")
        } catch {
            process.end()
            throw error
        }
        let status = process.wait()
        guard status == 0 else {
            throw CommandFailure("firn eval-jobs \(word) ended with the exit code \(status); its message stands above")
        }
        return evaluation
    }
}

/// A process of this program whose standard output is read. It is ended with this object.
private final class EvaluationProcess {
    /// The end of the connection to read, which its reader closes.
    let output: Int32
    private var child: pid_t?

    init(arguments: [String]) throws {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw CommandFailure("firn eval-jobs cannot be read: \(Self.reason(errno))")
        }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            close(ends[1])
        }
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        var words = unsafe (["firn"] + arguments).map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe words.indices { unsafe free(words[index]) } }
        var child: pid_t = 0
        let code = unsafe posix_spawn(&child, "/proc/self/exe", &actions, nil, &words, environ)
        guard code == 0 else {
            close(ends[0])
            throw CommandFailure("firn eval-jobs cannot be started: \(Self.reason(code))")
        }
        output = ends[0]
        self.child = child
    }

    deinit { end() }

    /// Waits for the end.
    ///
    /// - Returns: the exit code; 128 and the number of the signal that ended it.
    func wait() -> Int32 {
        guard let child else { return 0 }
        self.child = nil
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }

    func end() {
        guard let child else { return }
        kill(child, SIGTERM)
        _ = wait()
    }

    private static func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
