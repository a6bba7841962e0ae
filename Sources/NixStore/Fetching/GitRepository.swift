/// A repository on this machine, which is read with the program `git`.
struct GitRepository {
    /// The path of a work tree or a bare repository.
    let path: [UInt8]
    let io: any EvalIO
    let proceed: (Int) -> Bool
    /// Environment variables that prevent `git` from running programs of the repository's configuration.
    private var overrides: [[UInt8]] = []

    init(path: [UInt8], io: any EvalIO, proceed: @escaping (Int) -> Bool) {
        self.path = path
        self.io = io
        self.proceed = proceed
    }

    /// Options with the same purpose: repositories are not trusted, and no program of their configuration may run.
    private static let fixedWords = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]

    /// Disables all filters of the configuration (`filter.NAME.clean` and so on).
    mutating func disableFilters() throws(FetchError) {
        let words = ["config", "-z", "--name-only", "--get-regexp", #"^filter\..*\.(clean|smudge|process|required)$"#]
        let names = (try all(words) ?? []).split(separator: 0)
        overrides = [Array("GIT_CONFIG_COUNT=\(names.count)".utf8)]
        for (index, name) in names.enumerated() {
            overrides.append(Array("GIT_CONFIG_KEY_\(index)=".utf8) + name)
            let value = name.suffix(9) == Array(".required".utf8)[...] ? "false" : ""
            overrides.append(Array("GIT_CONFIG_VALUE_\(index)=\(value)".utf8))
        }
    }

    /// Runs `git` with the given arguments and returns its output.
    func run(_ words: [String], _ more: [[UInt8]] = [], input: [UInt8] = []) throws(FetchError) -> [UInt8] {
        var result: [UInt8] = []
        unsafe try read(words, more, input: input) { piece in unsafe result.append(contentsOf: piece) }
        return result
    }

    func read(
        _ words: [String], _ more: [[UInt8]] = [], input: [UInt8] = [], _ output: (UnsafeRawBufferPointer) -> Void
    ) throws(FetchError) {
        // Only a repository at the path itself is used, not one that contains the path.
        let ceiling = Array("GIT_CEILING_DIRECTORIES=".utf8) + CanonPath.parent(of: path)
        let command = Command(
            "git", [Array("-C".utf8), path] + (Self.fixedWords + words).map { Array($0.utf8) } + more, input: input,
            environment: [ceiling] + overrides)
        do throws(CommandError) {
            try unsafe io.run(command) { piece in
                let shouldContinue = proceed(piece.count)
                if shouldContinue { unsafe output(piece) }
                return shouldContinue
            }
        } catch {
            throw FetchError(error, tool: "git", path: path)
        }
    }

    /// Runs `git` and returns whether it succeeded.
    func succeeds(_ words: [String], _ more: [[UInt8]] = []) throws(FetchError) -> Bool {
        do throws(FetchError) {
            _ = try run(words, more)
            return true
        } catch {
            if error.kind == .restricted || error.kind == .stopped { throw error }
            return false
        }
    }

    /// Runs `git` and returns the first line of its output; nil if it failed.
    func line(_ words: [String], _ more: [[UInt8]] = []) throws(FetchError) -> [UInt8]? {
        try all(words, more).map { Array($0.prefix { $0 != UInt8(ascii: "\n") }) }
    }

    /// Runs `git` and returns its output; nil if it failed.
    private func all(_ words: [String], _ more: [[UInt8]] = []) throws(FetchError) -> [UInt8]? {
        do throws(FetchError) {
            return try run(words, more)
        } catch {
            if error.kind == .restricted || error.kind == .stopped { throw error }
            return nil
        }
    }

    /// Makes Git show a file of the work tree as one of its own, although it is not committed.
    func track(_ file: [UInt8]) throws(FetchError) {
        _ = try run(["add", "--intent-to-add", "--force", "--"], [file])
    }

    /// The commit that a name refers to; nil if there is none.
    func commit(_ name: [UInt8]) throws(FetchError) -> [UInt8]? {
        try line(["rev-parse", "--quiet", "--verify", "--end-of-options"], [name + Array("^{commit}".utf8)])
    }

    /// The commit time in seconds since 1970.
    func time(of commit: [UInt8]) throws(FetchError) -> Int64 {
        let text = try run(["log", "-1", "--no-show-signature", "--format=%ct"], [commit])
        return Int64(String(decoding: text, as: UTF8.self).split(separator: "\n").last ?? "") ?? 0
    }

    /// The number of commits up to and including one.
    func count(upTo commit: [UInt8]) throws(FetchError) -> FetchedTree.Count {
        if try line(["rev-parse", "--is-shallow-repository"]) == Array("true".utf8) {
            return .unknown(
                message: Array("'".utf8) + path
                    + Array("' is a shallow Git repository, so 'revCount' is not available".utf8))
        }
        let text = String(decoding: try line(["rev-list", "--count"], [commit]) ?? [], as: UTF8.self)
        return .known(Int64(text) ?? 0)
    }

    /// The submodules that are checked out.
    func submodules() throws(FetchError) -> [GitRepository] {
        var found: [GitRepository] = []
        for line in try run(["ls-files", "--stage", "-z"]).split(separator: 0) {
            guard let tab = line.firstIndex(of: UInt8(ascii: "\t")), line.starts(with: Array("160000".utf8)) else {
                continue
            }
            var module = GitRepository(path: path + [CanonPath.slash] + line[(tab + 1)...], io: io, proceed: proceed)
            guard (try? io.pathExists(module.path + Array("/.git".utf8))) == true else { continue }
            try module.checkFiles()
            try module.disableFilters()
            found.append(module)
        }
        return found
    }

    /// An entry in the tree of a commit.
    struct Entry {
        var mode: [UInt8]
        var object: [UInt8]
        var path: [UInt8]

        var isTree: Bool { mode == Array("040000".utf8) }
        /// Whether the entry is a commit of another repository.
        var isSubmodule: Bool { mode == Array("160000".utf8) }
        var isLink: Bool { mode == Array("120000".utf8) }
        var isExecutable: Bool { mode == Array("100755".utf8) }
    }

    /// All entries of a commit. Directories precede their entries.
    func entries(of commit: [UInt8]) throws(FetchError) -> [Entry] {
        let text = try run(["ls-tree", "-r", "-t", "-z", "--full-tree"], [commit])
        return text.split(separator: 0).compactMap { line in
            guard let tab = line.firstIndex(of: UInt8(ascii: "\t")) else { return nil }
            let fields = line[..<tab].split(separator: UInt8(ascii: " "))
            guard fields.count >= 3 else { return nil }
            return Entry(mode: Array(fields[0]), object: Array(fields[2]), path: Array(line[(tab + 1)...]))
        }
    }
}

extension FetchError {
    init(_ error: CommandError, tool: String, path: [UInt8]) {
        switch error {
        case .notAllowed:
            self.init(
                .restricted, "fetching from the repository '", path,
                "' needs the program '\(tool)', and no program is run here; "
                    + "provide its tree as a root and read that by its path")
        case .notFound:
            self.init(
                .restricted, "the program '\(tool)' is needed to fetch from the repository '", path,
                "', and it is not installed")
        case .failed(let status, let message):
            self.init(.invalid, "program '\(tool)' failed with exit code \(status): ", message, "")
        case .stopped: self = .stopped
        case .system(let code): self.init(.invalid, "program '\(tool)' cannot be run: error \(code)")
        }
    }
}
