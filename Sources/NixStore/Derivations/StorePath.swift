import MessageText

/// Names and paths of the Nix store.
///
/// A store path is the store's directory, a slash, 32 base-32 digits of a 160-bit hash, `-`, and a name.
public enum StorePath {
    /// The store's directory, which is the same for the whole process because all store paths depend on it.
    public static let directory = StoreDirectory.settled()
    /// The number of bytes before the name: the directory, a slash, the hash and a dash.
    public static let prefixLength = directory.count + 1 + hashLength + 1
    static let hashLength = 32
    /// The longest name in bytes (Nix's `StorePath::MaxPathLen`).
    public static let maximumNameLength = 211
    public static let derivationSuffix = Array(".drv".utf8)

    /// Checks that a store object may have a name.
    ///
    /// - Throws: why it may not, in Nix's words.
    public static func check(name: [UInt8]) throws(StoreError) {
        try unsafe name.withUnsafeBufferPointer { name throws(StoreError) in try unsafe check(name: name) }
    }

    /// Checks that a store object may have a name.
    ///
    /// - Throws: why it may not, in Nix's words.
    public static func check(name: UnsafeBufferPointer<UInt8>) throws(StoreError) {
        if name.isEmpty { throw StoreError("name must not be empty") }
        if unsafe name.count <= maximumNameLength && name[0] != CanonPath.dot && name.allSatisfy(isNameByte) { return }
        try unsafe refuse(name: Array(name))
    }

    /// Throws what is wrong with a name that begins with a dot, is too long, or has other bytes; some such are valid.
    private static func refuse(name: [UInt8]) throws(StoreError) {
        if name.count > maximumNameLength {
            throw StoreError("name '", name, "' must be no longer than \(maximumNameLength) characters")
        }
        for first in [[CanonPath.dot], [CanonPath.dot, CanonPath.dot]] where name.starts(with: first) {
            if name.count == first.count { throw StoreError("name '", name, "' is not valid") }
            if name[first.count] == UInt8(ascii: "-") {
                let shown = String(decoding: first, as: UTF8.self)
                throw StoreError(
                    "name '", name, "' is not valid: first dash-separated component must not be '\(shown)'")
            }
        }
        for byte in name where !isNameByte(byte) {
            throw StoreError("name '", name, "' contains illegal character '", [byte], "'")
        }
    }

    @inline(__always)
    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "?"), UInt8(ascii: "="):
            true
        default: false
        }
    }

    /// Whether a path is that of a store object itself, and not of something inside it.
    public static func isStorePath(_ path: [UInt8]) -> Bool {
        path.count > prefixLength && top(of: path).map { $0.count == path.count } ?? false
    }

    /// The path of the store object that contains a canonical path; nil outside the store.
    public static func top(of path: [UInt8]) -> [UInt8]? {
        guard path.count > directory.count + 1, path.starts(with: directory), path[directory.count] == CanonPath.slash
        else { return nil }
        let rest = path[(directory.count + 1)...]
        let top = Array(path[..<(rest.firstIndex(of: CanonPath.slash) ?? path.count)])
        guard top.count > prefixLength, top[prefixLength - 1] == UInt8(ascii: "-"),
            top[(directory.count + 1)..<(prefixLength - 1)].allSatisfy({ Nix32.digits.contains($0) }),
            (try? check(name: Array(top[prefixLength...]))) != nil
        else { return nil }
        return top
    }

    /// Whether a path or name is that of a store derivation.
    public static func isDerivation(_ path: [UInt8]) -> Bool {
        let start = path.count - derivationSuffix.count
        return start >= 0 && path[start] == CanonPath.dot && path[start...] == derivationSuffix[...]
    }

    /// The 32 digits of the hash in a store path.
    public static func hashPart(_ path: [UInt8]) -> [UInt8] { Array(path[(directory.count + 1)..<(prefixLength - 1)]) }

    /// The name in a store path.
    public static func name(_ path: [UInt8]) -> [UInt8] { Array(path[prefixLength...]) }

    /// The name of a derivation's output, which is the derivation's own name for `out`.
    public static func outputName(_ derivation: [UInt8], _ output: [UInt8]) -> [UInt8] {
        output == Array("out".utf8) ? derivation : derivation + [UInt8(ascii: "-")] + output
    }

    /// Computes a store path.
    ///
    /// - Parameters:
    ///   - type: the type of the object (`text:...`, `source`, `output:out`).
    ///   - hash: the SHA-256 that identifies the object.
    ///   - name: the name of the object.
    /// - Throws: an error if the name is invalid.
    public static func make(type: [UInt8], sha256 hash: [UInt8], name: [UInt8]) throws(StoreError) -> [UInt8] {
        try make(type: type, SHA256Sum(hash), name: name)
    }

    private static func make(type: [UInt8], _ sum: SHA256Sum, name: [UInt8]) throws(StoreError) -> [UInt8] {
        var text = TrivialBuffer<UInt8>()
        text.append(contentsOf: type)
        let hash = try unsafe name.withUnsafeBufferPointer { name throws(StoreError) in
            try unsafe Self.hash(&text, sha256: sum, name: name)
        }
        text.truncate(to: 0)
        text.append(contentsOf: directory)
        text.append(CanonPath.slash)
        hash.appendStoreHash(to: &text)
        text.append(UInt8(ascii: "-"))
        text.append(contentsOf: name)
        return text.array
    }

    /// Computes the hash of which a store path has a part.
    ///
    /// - Parameters:
    ///   - text: the type of the object, to which the rest of what is hashed is appended.
    ///   - sum: the SHA-256 that identifies the object.
    ///   - name: the name of the object.
    /// - Throws: an error if the name is invalid.
    static func hash(
        _ text: inout TrivialBuffer<UInt8>, sha256 sum: SHA256Sum, name: UnsafeBufferPointer<UInt8>
    ) throws(StoreError) -> SHA256Sum {
        do throws(StoreError) {
            try unsafe check(name: name)
        } catch {
            throw unsafe StoreError("path '", Array(name), "' is not a valid store path: ", because: error)
        }
        text.append(":sha256:")
        sum.appendText(to: &text)
        text.append(contentsOf: directoryMark)
        unsafe text.append(contentsOf: name)
        return SHA256Sum(of: text)
    }

    private static let directoryMark = [UInt8(ascii: ":")] + directory + [UInt8(ascii: ":")]

    /// Compresses a hash to `size` bytes by XOR.
    public static func compress(_ hash: [UInt8], to size: Int) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: size)
        for (index, byte) in hash.enumerated() { result[index % size] ^= byte }
        return result
    }

    /// The path of a text object (a derivation, or the result of `toFile`).
    ///
    /// - Parameters:
    ///   - name: the name of the object.
    ///   - hash: the SHA-256 of the text.
    ///   - references: the store paths that the text refers to, sorted and distinct.
    /// - Throws: an error if the name is invalid.
    public static func text(
        name: [UInt8], sha256 hash: [UInt8], references: some Sequence<[UInt8]>
    ) throws(StoreError) -> [UInt8] {
        var type = Array("text".utf8)
        for reference in references {
            type.append(UInt8(ascii: ":"))
            type += reference
        }
        return try make(type: type, sha256: hash, name: name)
    }

    /// The path of an object that is identified by the hash of its contents.
    ///
    /// - Parameters:
    ///   - name: the name of the object.
    ///   - hash: the hash of the contents.
    ///   - method: how the hash is made.
    ///   - references: the store paths that the object refers to, which only count for a tree with SHA-256.
    public static func fixed(
        name: [UInt8], _ hash: Hash, _ method: ContentAddressMethod, references: [[UInt8]] = []
    ) throws(StoreError) -> [UInt8] {
        switch method {
        case .text:
            guard hash.algorithm == .sha256 else { throw StoreError("text-hashed outputs must use SHA-256") }
            return try text(name: name, sha256: hash.bytes, references: [])
        case .nar where hash.algorithm == .sha256:
            var type = Array("source".utf8)
            for reference in references.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                type.append(UInt8(ascii: ":"))
                type += reference
            }
            return try make(type: type, sha256: hash.bytes, name: name)
        case .git where hash.algorithm != .sha1 && hash.algorithm != .sha256:
            throw StoreError(
                "Git file ingestion must use SHA-1 or SHA-256 hash, but instead using: \(hash.algorithm.rawValue)")
        case .flat, .nar, .git:
            var payload = TrivialBuffer<UInt8>()
            payload.append("fixed:out:")
            payload.append(method.prefixText)
            payload.append(hash.algorithm.text)
            payload.append(UInt8(ascii: ":"))
            Base16.append(hash.bytes, to: &payload)
            payload.append(UInt8(ascii: ":"))
            return try make(type: Array("output:out".utf8), SHA256Sum(of: payload), name: name)
        }
    }

    /// The placeholder for the path of one of a derivation's own outputs (`builtins.placeholder`).
    public static func placeholder(output: [UInt8]) -> [UInt8] {
        [CanonPath.slash] + Nix32.encode(Hash(of: Array("nix-output:".utf8) + output, .sha256).bytes)
    }

    /// The placeholder for an output whose path is only known after it is built.
    public static func upstreamPlaceholder(derivation: [UInt8], output: [UInt8]) -> Hash {
        let name = Array(name(derivation).dropLast(derivationSuffix.count))
        let text =
            Array("nix-upstream-output:".utf8) + hashPart(derivation) + [UInt8(ascii: ":")] + outputName(name, output)
        return Hash(of: text, .sha256)
    }

    /// The placeholder for an output of a derivation that is an output itself and not built yet.
    ///
    /// - Parameters:
    ///   - placeholder: the placeholder of the derivation.
    ///   - output: the name of the output.
    public static func computedPlaceholder(_ placeholder: Hash, output: [UInt8]) -> Hash {
        let text =
            Array("nix-computed-output:".utf8) + Nix32.encode(compress(placeholder.bytes, to: 20))
            + [UInt8(ascii: ":")] + output
        return Hash(of: text, .sha256)
    }
}

/// How contents are hashed for a content address.
public enum ContentAddressMethod: String, Sendable {
    /// The bytes of one file.
    case flat
    /// The NAR of a tree.
    case nar
    /// The bytes of one file, which may refer to store paths.
    case text
    /// Git's hash of a tree.
    case git

    /// The prefix of the algorithm's name in a derivation.
    public var prefix: String { prefixText.description }

    /// The same, to be appended to bytes.
    var prefixText: StaticString {
        switch self {
        case .flat: ""
        case .nar: "r:"
        case .text: "text:"
        case .git: "git:"
        }
    }

    /// The method with a name as in `outputHashMode`; nil if there is none. `recursive` is an older name of `nar`.
    public init?(mode: [UInt8]) {
        let text = String(decoding: mode, as: UTF8.self)
        guard let method = text == "recursive" ? .nar : ContentAddressMethod(rawValue: text) else { return nil }
        self = method
    }
}

/// Why a store path or derivation is invalid.
public struct StoreError: Error, Sendable, Equatable {
    /// The message in Nix's words, without `error: `. It is bytes, because names need not be UTF-8.
    public let message: [UInt8]

    public init(_ message: String) { self.message = Array(message.utf8) }

    /// Creates an error whose message quotes one or two names.
    init(_ first: String, _ name: [UInt8], _ second: String, _ other: [UInt8] = [], _ third: String = "") {
        let quoted = MessageText.excerpt(name) + Array(second.utf8) + MessageText.excerpt(other)
        message = Array(first.utf8) + quoted + Array(third.utf8)
    }

    /// Creates an error whose message quotes a name and gives the message of another error as the reason.
    init(_ first: String, _ name: [UInt8], _ second: String, because reason: StoreError) {
        message = Array(first.utf8) + MessageText.excerpt(name) + Array(second.utf8) + reason.message
    }
}
