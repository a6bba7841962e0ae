/// What the names of flakes stand for, and what takes the place of other references.
public struct InputRegistry: Sendable {
    /// A replacement of one reference by another.
    public struct Entry: Sendable {
        public var from: FetchInput
        public var to: FlakeReference
        /// Whether references that have a branch or a commit besides stay as they are.
        public var isExact: Bool

        public init(from: FetchInput, to: FlakeReference, isExact: Bool = false) {
            self.from = from
            self.to = to
            self.isExact = isExact
        }
    }

    public var entries: [Entry]

    public init(entries: [Entry] = []) { self.entries = entries }

    /// The most replacements, one after the other, as in Nix.
    private static let maximumSteps = 100

    /// Replaces a reference as long as a registry has an entry for it.
    ///
    /// - Parameters:
    ///   - reference: the reference.
    ///   - registries: the registries, the most important one first.
    /// - Throws: an error if replacing has no end, or if nothing says what a name stands for.
    public static func resolve(
        _ reference: FlakeReference, _ registries: [InputRegistry]
    ) throws(FetchError) -> FlakeReference {
        var current = reference
        for _ in 0..<maximumSteps {
            guard let next = try replacement(current, registries) else {
                if current.input.scheme == .indirect {
                    throw FetchError(
                        .unknownName, "cannot find flake '", try current.input.url().text, "' in the flake registries")
                }
                return current
            }
            current = next
        }
        throw FetchError(.invalid, "cycle detected in flake registry for '", try reference.input.url().text, "'")
    }

    private static func replacement(
        _ reference: FlakeReference, _ registries: [InputRegistry]
    ) throws(FetchError) -> FlakeReference? {
        let input = reference.input
        for entry in registries.lazy.flatMap(\.entries) {
            if entry.isExact ? entry.from != input : !entry.from.contains(input) { continue }
            var target = entry.to
            if !entry.isExact {
                let isNewReference = entry.from.attributes["ref"] == nil
                let isNewRevision = entry.from.attributes["rev"] == nil
                try target.input.replace(
                    reference: isNewReference ? try input.text("ref") : nil,
                    revision: isNewRevision ? try input.text("rev") : nil)
            }
            if target.directory.isEmpty { target.directory = reference.directory }
            return target
        }
        return nil
    }
}

extension FetchInput {
    /// Whether another input is the same but for a branch and a commit.
    fileprivate func contains(_ other: FetchInput) -> Bool {
        if self == other { return true }
        var rest = other
        rest.attributes["ref"] = nil
        rest.attributes["rev"] = nil
        return self == rest
    }

    /// Replaces branch and commit by those that are given.
    fileprivate mutating func replace(reference: [UInt8]?, revision: [UInt8]?) throws(FetchError) {
        if reference == nil, revision == nil { return }
        switch scheme {
        case .git, .mercurial, .indirect:
            if let reference { attributes["ref"] = .text(reference) }
            if let revision { attributes["rev"] = .text(revision) }
            if scheme == .git, revision != nil, attributes["ref"] == nil {
                throw FetchError(
                    .invalid, "Git input '", try url().text, "' has a commit hash but no branch/tag name")
            }
        case .github, .gitlab, .sourcehut:
            guard reference == nil || revision == nil else {
                throw FetchError(
                    .badURL, "cannot apply both a commit hash and a branch/tag name to input '", try url().text, "'")
            }
            attributes["ref"] = reference.map { .text($0) }
            attributes["rev"] = revision.map { .text($0) }
        case .path, .file, .tarball, nil:
            let what = reference != nil ? "branch/tag name" : "revision"
            throw FetchError(.invalid, "don't know how to set \(what) of input '", try url().text, "'")
        }
        try scheme?.check(self)
    }
}
