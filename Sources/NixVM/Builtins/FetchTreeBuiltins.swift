import MessageText
import NixFormats
import NixStore

/// `fetchTree`, `fetchGit` and `fetchMercurial`, which answer with the store path of a source tree and with what is known
/// of it, such as its revision.
extension Builtin {
    static let fetchTree: [Builtin] = [
        .function(
            "fetchTree", [.checked("input")], since: "2.4",
            "The store path of a source tree, with what is known of it: revision, time, hash.",
            limits:
                "`path`, and local `file`, `tarball`, `git` and `hg`; with `--allow-network` all but `indirect` and remote "
                + "`hg`; the others are refused with an error that says what to provide", isGlobal: true
        ) { $0.fetchTree(.any) },
        .function(
            "fetchGit", [.checked("url or { url, rev, ref }")], since: "2.0",
            "The tree of a commit in a Git repository, with its revision and time.",
            limits:
                "paths and `file:` URLs of repositories, read with `git`; other URLs need `--allow-network`",
            isGlobal: true
        ) { $0.fetchTree(.git) },
        .function(
            "fetchMercurial", [.checked("url or { url, rev }")], since: "2.0",
            "The tree of a commit in a Mercurial repository, with its revision.",
            limits: "paths and `file:` URLs of repositories, read with `hg`; other URLs are refused with an error that "
                + "says what to provide", isGlobal: true
        ) { $0.fetchTree(.mercurial) },
    ]
}

/// The builtin that fetches. The raw value is its name.
private enum TreeFetch: String {
    case any = "fetchTree"
    case git = "fetchGit"
    case mercurial = "fetchMercurial"
    /// An input of a flake, which need not be locked.
    case input = "fetchInput"
}

extension Interpreter {
    func fetchInputStep() -> Step {
        guard argument(0).isAttributes else { return failExpected("a set", argument(0)) }
        return fetchTree(.input)
    }

    fileprivate func fetchTree(_ kind: TreeFetch) -> Step {
        guard reserveStorePath() else { return .collect }
        var attributes: [String: InputAttribute] = [:]
        let step = argument(0).isAttributes ? readSet(kind, &attributes) : readURL(kind, &attributes)
        if step != .next { return step }
        addDefaults(kind, &attributes)
        do throws(FetchError) {
            let input = try FetchInput(attributes)
            if kind != .input, requiresHash(isRemote: input.isRemote), !input.isLocked, attributes["narHash"] == nil {
                return fail(
                    .restricted,
                    bytes: Array("in pure evaluation mode, '\(kind.rawValue)' doesn't fetch unlocked input '".utf8)
                        + MessageText.excerpt(try input.url().text) + Array("'".utf8))
            }
        } catch {
            return fail(error)
        }
        switch fetched(attributes) {
        case .failure(let pending): return pending.step
        case .success(let (tree, path)):
            // The set and all strings but the message take less than 4096 bytes: none of them is long.
            guard reserve(4096 + Size.string(tree.longestMessage)) else { return .collect }
            let result =
                kind == .mercurial ? mercurialResult(tree, path) : treeResult(tree, path, isGit: kind == .git)
            return result.map { done($0) } ?? .error
        }
    }

    private func readURL(_ kind: TreeFetch, _ attributes: inout [String: InputAttribute]) -> Step {
        let value = argument(0)
        guard value.isString || value.isPath else {
            return fail(.type, "cannot coerce \(describe(value)) to a string")
        }
        if let step = refuseInput(value.string.count) { return step }
        let url = Array(value.string.bytes)
        switch kind {
        case .git: attributes["url"] = .text(url)
        case .mercurial: attributes["url"] = .text(fileURL(url))
        case .any, .input:
            do throws(FetchError) {
                attributes = try FetchInput(try ParsedURL(url), requiresTree: false).attributes
            } catch {
                return fail(error)
            }
        }
        return .next
    }

    /// Reads the attributes of the argument in the order of their names. The result is `.next` if all were read, and
    /// otherwise the step to answer.
    private func readSet(_ kind: TreeFetch, _ attributes: inout [String: InputAttribute]) -> Step {
        let set = argument(0).object
        guard let order = nameOrder(of: set) else { return .collect }
        if kind == .any, lookup(set, Symbols.type) == nil {
            return fail(.value, "argument 'type' is missing in call to 'fetchTree'")
        }
        var bytes = 0
        for index in 0..<set.field {
            let place = Int(order[index])
            let symbol = set.layout.entries[place].symbol
            let slot = set.attributeValues + place
            if !isForced(slot) { return .force }
            bytes += inputBytes(symbol, slot.pointee)
            if let step = refuseInput(bytes) { return step }
            let step = readAttribute(
                kind, String(decoding: state.pointee.symbols.bytes(symbol), as: UTF8.self), slot.pointee, &attributes)
            if step != .next { return step }
        }
        return .next
    }

    /// The bytes of an attribute's name, plus those of its value if that is a string or path.
    func inputBytes(_ symbol: UInt32, _ value: Value) -> Int {
        state.pointee.symbols.bytes(symbol).count + (value.isString || value.isPath ? value.object.field : 0)
    }

    private func readAttribute(
        _ kind: TreeFetch, _ name: String, _ value: Value, _ attributes: inout [String: InputAttribute]
    ) -> Step {
        if kind == .git || kind == .mercurial, name == "type" { return fail(.value, "unexpected argument 'type'") }
        if kind == .any, name == "name" {
            return fail(.value, "argument 'name' isn’t supported in call to 'fetchTree'")
        }
        if kind == .mercurial, !["url", "rev", "name"].contains(name) {
            return fail(.value, "unsupported argument '\(MessageText.shortened(name))' to 'fetchMercurial'")
        }
        if value.isString || value.isPath {
            let text = Array(value.string.bytes)
            if kind == .mercurial, name == "rev" {
                attributes[text.count == 40 ? "rev" : "ref"] = .text(text)
            } else {
                attributes[name] = .text(kind == .mercurial && name == "url" ? fileURL(text) : text)
            }
        } else if value.isBool {
            attributes[name] = .flag(value.isTrue)
        } else if value.isInteger {
            guard value.integer >= 0 else {
                return fail(
                    .value,
                    "negative value given for '\(kind.rawValue)' argument '\(MessageText.shortened(name))': \(value.integer)"
                )
            }
            attributes[name] = .number(UInt64(value.integer))
        } else {
            return fail(
                .type,
                "argument '\(MessageText.shortened(name))' to '\(kind.rawValue)' is \(typeName(value)) while a string, Boolean or integer is "
                    + "expected")
        }
        return .next
    }

    /// The URL of an absolute path. Other texts are URLs already.
    private func fileURL(_ url: [UInt8]) -> [UInt8] {
        url.first == CanonPath.separator ? Array("file://".utf8) + url : url
    }

    private func addDefaults(_ kind: TreeFetch, _ attributes: inout [String: InputAttribute]) {
        switch kind {
        case .git:
            attributes["type"] = .text(Array("git".utf8))
            if attributes["exportIgnore"] == nil, attributes["submodules"] != .flag(true) {
                attributes["exportIgnore"] = .flag(true)
            }
        case .mercurial: attributes["type"] = .text(Array("hg".utf8))
        case .input: break
        case .any:
            if attributes["type"] == .text(Array("git".utf8)), attributes["shallow"] == nil {
                attributes["shallow"] = .flag(true)
            }
        }
    }

    private typealias Pairs = [(symbol: UInt32, value: Value)]

    private func add(_ name: String, _ value: Value, _ pairs: inout Pairs) {
        if let symbol = symbol(ofCharged: Array(name.utf8)) { pairs.append((symbol, value)) }
    }

    /// Makes a set of the pairs. The result is nil if a limit was exceeded while they were added.
    private func result(_ pairs: Pairs) -> Value? { machine.failure == nil ? makeAttributes(pairs) : nil }

    /// The attributes of a tree.
    ///
    /// - Parameter isGit: Whether a tree without a commit gets the revision of zeros, as `fetchGit` has it.
    private func treeResult(_ tree: FetchedTree, _ path: [UInt8], isGit: Bool) -> Value? {
        var pairs: Pairs = []
        guard let outPath = storePathString(path) else { return nil }
        add("outPath", outPath, &pairs)
        add("narHash", makeString(tree.narHash.text(.sri)), &pairs)
        if let submodules = tree.submodules { add("submodules", .bool(submodules), &pairs) }
        let zeros = [UInt8](repeating: UInt8(ascii: "0"), count: 40)
        if let revision = tree.revision ?? (isGit ? zeros : nil) {
            add("rev", makeString(revision), &pairs)
            add("shortRev", makeString(Array(revision.prefix(7))), &pairs)
        }
        if let count = tree.revisionCount {
            add("revCount", revisionCount(count), &pairs)
        } else if isGit {
            add("revCount", Value(small: 0), &pairs)
        }
        if let revision = tree.dirtyRevision {
            let suffix = Array("-dirty".utf8)
            add("dirtyRev", makeString(revision + suffix), &pairs)
            add("dirtyShortRev", makeString(revision.prefix(7) + suffix), &pairs)
        }
        if let time = tree.lastModified {
            add("lastModified", makeInteger(time), &pairs)
            add("lastModifiedDate", makeString(CivilTime.digits(secondsSince1970: time)), &pairs)
        }
        return result(pairs)
    }

    /// The number of commits. If it is unknown, the result is a thunk that fails, so that only a program that uses the
    /// number fails.
    private func revisionCount(_ count: FetchedTree.Count) -> Value {
        switch count {
        case .known(let number): makeInteger(number)
        case .unknown(let message): makeApplication(.builtin(.fail), makeString(message))
        }
    }

    private func mercurialResult(_ tree: FetchedTree, _ path: [UInt8]) -> Value? {
        var pairs: Pairs = []
        guard let outPath = storePathString(path) else { return nil }
        add("outPath", outPath, &pairs)
        if let branch = tree.branch { add("branch", makeString(Array(branch.prefix(1024))), &pairs) }
        let revision = tree.revision ?? [UInt8](repeating: UInt8(ascii: "0"), count: 40)
        add("rev", makeString(revision), &pairs)
        add("shortRev", makeString(Array(revision.prefix(12))), &pairs)
        if case .known(let count) = tree.revisionCount { add("revCount", makeInteger(count), &pairs) }
        return result(pairs)
    }
}
