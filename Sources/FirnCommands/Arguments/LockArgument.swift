import ArgumentParser

/// An option about the lock file or the inputs of a flake, such as `--override-input PATH REFERENCE`.
///
/// All of them fill one array, because the parser of the command line takes a tenth of a millisecond for each that it knows.
/// `FirnCommand.joinPairs` has joined the words of each by NULs: its name, and as many values as it takes.
package struct LockArgument: ExpressibleByArgument {
    /// The options, by the names that Nix gives them.
    package enum Kind: String, CaseIterable {
        case overrideInput = "override-input"
        case updateInput = "update-input"
        case inputsFrom = "inputs-from"
        case referenceLockFile = "reference-lock-file"
        case outputLockFile = "output-lock-file"
        case recreateLockFile = "recreate-lock-file"
        case noWriteLockFile = "no-write-lock-file"
        case noUpdateLockFile = "no-update-lock-file"
        case commitLockFile = "commit-lock-file"
        case noRegistries = "no-registries"

        /// The option that a word of a command line is.
        init?(option: String) {
            guard option.hasPrefix("--") else { return nil }
            self.init(rawValue: String(option.dropFirst(2)))
        }

        /// The words after the name.
        var valueCount: Int {
            switch self {
            case .overrideInput: 2
            case .updateInput, .inputsFrom, .referenceLockFile, .outputLockFile: 1
            default: 0
            }
        }

        static var names: NameSpecification {
            NameSpecification(allCases.map { NameSpecification.Element.customLong($0.rawValue) })
        }
    }

    package let kind: Kind
    package let values: [String]

    package init?(argument: String) {
        let words = argument.unicodeScalars.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        guard let kind = Kind(rawValue: words[0]), words.count == 1 + kind.valueCount else { return nil }
        self.kind = kind
        values = Array(words.dropFirst())
    }

    /// The words of an option as the two that the parser expects, and how many they were; nil for any other word, and if
    /// values are missing, which the parser then says.
    static func joined(_ words: ArraySlice<String>) -> (joined: [String], count: Int)? {
        guard let word = words.first, let kind = Kind(option: word), words.count > kind.valueCount else { return nil }
        let values = words.dropFirst().prefix(kind.valueCount)
        return ([word, ([kind.rawValue] + values).joined(separator: "\0")], 1 + kind.valueCount)
    }
}
