import Testing

@testable import NixStore

/// The expected hashes are those of C++ Nix 2.8.0 for the same repositories.
@Suite struct GitFetcherTests {
    private let directory: TemporaryDirectory

    /// A repository with two commits, a tag and a branch, and a copy with uncommitted changes.
    private static let script = """
        set -e
        export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b
        export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
        export GIT_AUTHOR_DATE='1600000000 +0000' GIT_COMMITTER_DATE='1600000000 +0000'
        cd "$0"
        git init -q -b master repo && cd repo
        mkdir sub; echo one > a.txt; echo two > sub/b.txt; printf '#!/bin/sh\\n' > x.sh; chmod 755 x.sh; ln -s a.txt ln
        git add -A && git commit -q -m one
        echo 'a.txt' >> a.txt && git add -A && GIT_COMMITTER_DATE='1600000100 +0000' git commit -q -m two
        git tag v1 && git branch other && echo untracked > u.txt
        cd .. && git clone -q --bare repo bare && cp -r repo dirty && cd dirty
        echo change >> a.txt; echo new > n.txt; git add n.txt; rm sub/b.txt
        """

    private static let first = "64317340ee102d7c243dd67ada6fc995e4370fec"
    private static let second = "70585a14d3e6aaf5d11d31605503d830db1edb93"
    private static let firstHash = "sha256-DC4ICQVdgv35ICYSQONPPiQjYvb4FGD4+rV22lB7Zxo="
    private static let secondHash = "sha256-RUoU/+jNGLHRRIryxkNKa9aoAatvqIfUJDzJGE5N7IQ="
    private static let dirtyHash = "sha256-2pcgBkRZkz5DZ1y35f6T9vyHWLpmhlyLimAsKROyDgI="

    init() throws {
        directory = try TemporaryDirectory()
        try run(Self.script)
    }

    private func run(_ script: String) throws(CommandError) {
        try unsafe LocalIO().run(Command("sh", [Array("-c".utf8), Array(script.utf8), directory.path])) { _ in true }
    }

    private func fetch(_ name: String, _ attributes: [String: InputAttribute] = [:]) throws -> FetchedTree {
        var all = attributes
        all["type"] = .text(Array("git".utf8))
        all["url"] = .text(directory(name))
        return try Fetcher(LocalIO()) { _ in true }.fetch(try FetchInput(all))
    }

    private func text(_ text: String) -> InputAttribute { .text(Array(text.utf8)) }

    private func hash(_ tree: FetchedTree) -> String { String(decoding: tree.narHash.text(.sri), as: UTF8.self) }

    private func count(_ tree: FetchedTree) -> Int64? {
        if case .known(let count) = tree.revisionCount { count } else { nil }
    }

    @Test func fetchesTheWorkTree() throws {
        let tree = try fetch("repo")
        #expect(hash(tree) == Self.secondHash)
        #expect(tree.revision == Array(Self.second.utf8))
        #expect(count(tree) == 2)
        #expect(tree.lastModified == 1_600_000_100)
        #expect(tree.dirtyRevision == nil)
    }

    @Test func fetchesAChangedWorkTree() throws {
        let tree = try fetch("dirty")
        #expect(hash(tree) == Self.dirtyHash)
        #expect(tree.revision == nil)
        #expect(tree.dirtyRevision == Array(Self.second.utf8))
        #expect(tree.lastModified == 1_600_000_100)
    }

    @Test func fetchesCommits() throws {
        let old = try fetch("repo", ["rev": text(Self.first)])
        #expect(hash(old) == Self.firstHash)
        #expect(count(old) == 1)
        for ref in ["HEAD", "master", "other", "v1", "refs/tags/v1"] {
            #expect(hash(try fetch("dirty", ["ref": text(ref)])) == Self.secondHash)
        }
        #expect(hash(try fetch("bare")) == Self.secondHash)
        #expect(try fetch("repo", ["rev": text(Self.first), "shallow": .flag(true)]).revisionCount == nil)
    }

    @Test func readsFilesOfACommit() throws {
        let object = try fetch("bare").object
        let path = try #require(object.path([Array("sub".utf8), Array("b.txt".utf8)]))
        #expect(try object.io.readFile(path) == Array("two\n".utf8))
        #expect(try object.io.readLink(try #require(object.path([Array("ln".utf8)]))) == Array("a.txt".utf8))
    }

    @Test func leavesOutWhatIsNotExported() throws {
        try run(
            """
            set -e; cd "$0/repo"; export GIT_CONFIG_GLOBAL=/dev/null
            printf 'sub export-ignore\\nx.sh export-ignore\\n' > .gitattributes
            git add -A && git -c user.name=a -c user.email=a@b commit -q -m three
            """)
        for attributes in [[:], ["ref": text("HEAD")]] {
            let all = try fetch("repo", attributes).object
            #expect(try all.io.fileType(try #require(all.path([Array("x.sh".utf8)]))) == .regular)
            let exported = try fetch("repo", attributes.merging(["exportIgnore": .flag(true)]) { $1 }).object
            for name in ["x.sh", "sub"] {
                let path = exported.path([Array(name.utf8)])
                let type: FileType? = try path.flatMap { try exported.io.fileType($0) }
                #expect(type == nil)
            }
        }
    }

    @Test func fetchesSubmodules() throws {
        try run(
            """
            set -e; cd "$0/repo"; export GIT_CONFIG_GLOBAL=/dev/null
            git -c protocol.file.allow=always submodule --quiet add "$0/bare" module
            git -c user.name=a -c user.email=a@b commit -q -m three
            """)
        for attributes in [[:], ["ref": text("HEAD")]] {
            let object = try fetch("repo", attributes.merging(["submodules": .flag(true)]) { $1 }).object
            let path = try #require(object.path([Array("module".utf8), Array("a.txt".utf8)]))
            #expect(try object.io.readFile(path) == Array("one\na.txt\n".utf8))
        }
    }

    @Test func tellsOfACommitThatIsNotThere() throws {
        do {
            _ = try fetch("repo", ["rev": text("00000000000000000000000000000000000000ab")])
            Issue.record("the commit was found")
        } catch let error as FetchError {
            let message = String(decoding: error.message, as: UTF8.self)
            #expect(message.hasPrefix("Cannot find Git revision '00000000000000000000000000000000000000ab'"))
        }
    }

    @Test func takesNoReferenceForAnOption() throws {
        #expect(throws: FetchError.self) { try fetch("repo", ["ref": text("--help")]) }
        #expect(throws: FetchError.self) { try fetch("repo", ["ref": text("missing")]) }
    }

    @Test func runsNothingWhereOnlyRootsAreRead() throws {
        let io = try RootedIO(roots: [RootedIO.Root(name: "r", directory: directory.path)])
        let input = try FetchInput(["type": text("git"), "url": text("/roots/r/repo")])
        do throws(FetchError) {
            _ = try Fetcher(io) { _ in true }.fetch(input)
            Issue.record("a repository was fetched")
        } catch {
            #expect(error.kind == .restricted)
            #expect(String(decoding: error.message, as: UTF8.self).contains("no program is run here"))
        }
    }

    /// The message of a fetch that fails.
    private func refusal(_ name: String, _ attributes: [String: InputAttribute] = [:]) -> String {
        do {
            _ = try fetch(name, attributes)
            return "fetched"
        } catch let error as FetchError {
            return String(decoding: error.message, as: UTF8.self)
        } catch {
            return "\(error)"
        }
    }

    /// `git` would block on the FIFO.
    @Test(arguments: [".git/HEAD", ".git/config", ".git/refs/heads/pipe", ".git/objects/pipe"])
    func refusesFIFOsInARepository(_ file: String) throws {
        directory.fifo("pipe")
        try run("cd \"$0\" && rm -f repo/\(file) && mv pipe repo/\(file)")
        #expect(refusal("repo").hasSuffix("/repo/\(file)' of a Git repository is neither a file nor a directory"))
    }

    @Test func refusesFIFOsInAWorkTree() throws {
        directory.fifo("repo/sub/.gitattributes")
        #expect(refusal("repo").contains("/repo/sub/.gitattributes' of a Git repository is neither"))
        directory.fifo("repo/pipe")
        try run("cd \"$0\" && rm repo/sub/.gitattributes")
        #expect(hash(try fetch("repo")) == Self.secondHash)
    }

    @Test func runsNothingThatARepositoryNames() throws {
        try run(
            """
            cd "$0/dirty" && git config core.fsmonitor 'touch ../ran' && git config core.hooksPath ../hooks
            git config filter.x.clean 'touch ../ran; cat' && git config filter.x.smudge 'touch ../ran; cat'
            git config filter.y=z.process 'touch ../ran' && git config filter.y=z.required true
            echo '*.txt filter=x' > .git/info/attributes && echo 'x.sh filter=y=z' >> .git/info/attributes
            touch -d '2001-01-01' a.txt x.sh
            """)
        #expect(hash(try fetch("dirty")) == Self.dirtyHash)
        _ = try fetch("dirty", ["ref": text("other")])
        #expect(try LocalIO().fileType(directory("ran")) == nil)
    }

    @Test func followsALinkToARepository() throws {
        directory.link("linked", to: "repo")
        #expect(hash(try fetch("linked")) == Self.secondHash)
    }

    @Test func verifiesNoSignatures() {
        #expect(refusal("repo", ["verifyCommit": .flag(true)]).contains("is not verified by this evaluator"))
        #expect(refusal("repo", ["publicKey": text("k")]).contains("is not verified by this evaluator"))
    }

    /// Git stores arbitrary bytes as the name of an entry; none of these may lead outside.
    @Test(arguments: ["..", "../../x", "a/b", "."])
    func refusesNamesThatLeadOut(_ name: String) throws {
        try run(
            """
            cd "$0/bare" && export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
            blob=$(echo x | git hash-object -w --stdin)
            tree=$(perl -e 'print "100644 \(name)\\0", pack("H*", $ARGV[0])' "$blob" |
                git hash-object -w -t tree --literally --stdin)
            git update-ref refs/heads/bad $(git commit-tree -m x "$tree")
            """)
        #expect(
            refusal("bare", ["ref": text("bad")]).hasSuffix("has an entry with the invalid name '\(name)'"))
    }
}
