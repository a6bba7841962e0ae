import FoundationEssentials
import NixEval

/// What a job says of one attribute of a package set.
struct WalkLine: Sendable {
    /// What an attribute is.
    enum Kind: String, Decodable, Sendable {
        case derivation, error
        /// A set whose attributes are visited, or something that cannot be built.
        case set
    }

    /// A message of `trace` or `warn`.
    struct Message: Decodable, Sendable, Equatable {
        enum Kind: String, Decodable, Sendable { case trace, warn }
        var kind: Kind
        var text: String
    }

    /// What the evaluation of the attribute used. What it has in common with attributes that the job visited before was
    /// counted for those.
    struct Stats: Decodable, Sendable, Equatable {
        var wallNs: UInt64
        var cpuNs: UInt64
        var fuel: UInt64
        var allocatedBytes: UInt64
    }

    /// What it takes to rewrite an aggregate.
    struct Aggregate: Decodable, Sendable, Equatable {
        /// The text of its file in Base64.
        var text: String
        /// For each input derivation what represents it in hashes, as in `Details.modulo`.
        var inputs: [String: String]
    }

    /// What is not printed.
    struct Details: Decodable, Sendable, Equatable {
        var kind: Kind
        var stats: Stats?
        var messages: [Message]?
        /// The bytes of messages that were too many.
        var messageBytesDropped: Int?
        /// What represents a derivation in the hashes of others: a hash in base 16, `fixed:` and a hash, or `deferred`.
        var modulo: String?
        /// The first one of a derivation's outputs.
        var output: String?
        var aggregate: Aggregate?
    }

    /// The names of the attribute.
    let path: [String]
    /// The object to print.
    let text: String
    var details: Details

    /// The attribute as it is printed.
    var attribute: String { Self.joined(path) }

    /// Reads a line of a job's result.
    ///
    /// - Throws: `CommandFailure` if a worker does not know of details, and so not of the other options either;
    ///   a decoding error.
    init(_ line: Substring, path: [String]) throws {
        guard let tab = line.firstIndex(of: "\t") else {
            throw CommandFailure(
                "a worker of the farm is older than this command and does not know its options; update the workers")
        }
        self.path = path
        text = String(line[..<tab])
        details = try JSONDecoder().decode(Details.self, from: Data(line[line.index(after: tab)...].utf8))
    }

    /// The line of an attribute whose job failed because of it.
    ///
    /// - Parameter message: the error.
    init(failed path: [String], _ message: String) {
        self.path = path
        text =
            JSONValue.object([
                ("attr", .string(Self.joined(path))), ("attrPath", .array(path.map { .string($0) })),
                ("error", .string("error: \(message)")), ("fatal", .bool(true)),
            ]).text
        details = Details(kind: .error)
    }

    /// The names to visit below the attribute; nil for a derivation or an error.
    func names() throws -> [String]? {
        guard details.kind == .set else { return nil }
        return try JSONDecoder().decode(Names.self, from: Data(text.utf8)).attrs
    }

    /// The members of the object.
    func members() throws -> JSONValue { try JSONValue(parsing: text) }

    private struct Names: Decodable {
        var attrs: [String]
    }

    private static func joined(_ path: [String]) -> String {
        String(decoding: AttributeWalker.joined(path.map { Array($0.utf8) }), as: UTF8.self)
    }
}
