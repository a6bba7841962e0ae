/// The differences between two evaluations.
struct Comparison: Sendable {
    /// An attribute whose derivation is another one.
    struct Change: Sendable, Equatable {
        let name: String
        let old: String
        let new: String
    }

    /// An attribute with an error, and its message.
    struct Failure: Sendable, Equatable {
        let name: String
        let message: String
    }

    /// An attribute of whose `meta` some members differ.
    struct MetaChange: Sendable, Equatable {
        struct Member: Sendable, Equatable {
            let name: String
            /// The JSON texts; nil if there is none.
            let old: String?
            let new: String?
        }

        let name: String
        let members: [Member]
    }

    /// Attributes that are in one evaluation only.
    private(set) var added: [String] = []
    private(set) var removed: [String] = []
    private(set) var changed: [Change] = []
    /// Errors where there was none, or no attribute.
    private(set) var newErrors: [Failure] = []
    /// The errors of attributes that have none any more, or are gone.
    private(set) var mendedErrors: [Failure] = []
    /// Errors with another message.
    private(set) var otherErrors: [Failure] = []
    private(set) var meta: [MetaChange] = []
    /// For each system, the number of derivations that the old evaluation does not have.
    private(set) var rebuilds: [String: Int] = [:]
    private(set) var unchanged = 0

    /// Compares two evaluations. Of lines that are the same in both, nothing is compared.
    ///
    /// - Throws: `EvaluatedAttribute.Mistake` for a line that was accepted before and is none now.
    init(_ old: Evaluation, _ new: Evaluation) throws(EvaluatedAttribute.Mistake) {
        var rebuilt: [(system: String, derivation: String)] = []
        for name in Set(old.entries.keys).union(new.entries.keys).sorted() {
            let (before, after) = (old.entries[name], new.entries[name])
            if let before, let after, before.digest == after.digest {
                unchanged += 1
                continue
            }
            let attributes = (try Self.attribute(before), try Self.attribute(after))
            compare(name, attributes.0, attributes.1)
            if let derivation = attributes.1?.derivation, derivation != attributes.0?.derivation {
                rebuilt.append((attributes.1?.system ?? "", derivation))
            }
        }
        countRebuilds(rebuilt, old)
    }

    private static func attribute(
        _ entry: Evaluation.Entry?
    ) throws(EvaluatedAttribute.Mistake) -> EvaluatedAttribute? {
        guard let entry else { return nil }
        return try EvaluatedAttribute.read(entry.line)
    }

    private mutating func compare(_ name: String, _ old: EvaluatedAttribute?, _ new: EvaluatedAttribute?) {
        switch (old?.derivation, new?.derivation) {
        case (nil, .some): added.append(name)
        case (.some, nil): removed.append(name)
        case (let before?, let after?) where before != after:
            changed.append(Change(name: name, old: before, new: after))
        default: break
        }
        compareErrors(name, old?.error, new?.error)
        let members = Set((old?.meta ?? [:]).keys).union((new?.meta ?? [:]).keys).sorted().filter {
            old?.meta[$0] != new?.meta[$0]
        }
        // Of what is only in one of them, everything is new or gone.
        guard let old, let new, old.derivation != nil, new.derivation != nil, !members.isEmpty else { return }
        meta.append(
            MetaChange(
                name: name,
                members: members.map { MetaChange.Member(name: $0, old: old.meta[$0], new: new.meta[$0]) }))
    }

    private mutating func compareErrors(_ name: String, _ old: String?, _ new: String?) {
        switch (old, new) {
        case (nil, let message?): newErrors.append(Failure(name: name, message: message))
        case (let message?, nil): mendedErrors.append(Failure(name: name, message: message))
        case (let before?, let after?) where before != after: otherErrors.append(Failure(name: name, message: after))
        default: break
        }
    }

    /// Counts derivations once, whatever number of attributes have them, and not those that were there under another name.
    private mutating func countRebuilds(_ rebuilt: [(system: String, derivation: String)], _ old: Evaluation) {
        var known = rebuilt.isEmpty ? [] : Set(old.entries.values.compactMap(\.derivation))
        for (system, derivation) in rebuilt where known.insert(derivation).inserted {
            rebuilds[system, default: 0] += 1
        }
    }

    /// Whether nothing differs but what the evaluations used.
    var isEmpty: Bool {
        added.isEmpty && removed.isEmpty && changed.isEmpty && newErrors.isEmpty && mendedErrors.isEmpty
            && otherErrors.isEmpty && meta.isEmpty
    }
}
