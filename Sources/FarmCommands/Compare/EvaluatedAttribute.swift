/// What one evaluation says of an attribute: a line of `firn eval-jobs` or nix-eval-jobs.
struct EvaluatedAttribute: Sendable {
    /// Why a line cannot be used.
    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    /// What the evaluation of an attribute used.
    struct Usage: Sendable, Equatable {
        var wallNanoseconds: UInt64 = 0
        var cpuNanoseconds: UInt64 = 0
        var fuel: UInt64 = 0
        var allocatedBytes: UInt64 = 0
    }

    let name: String
    let system: String
    /// The path of the derivation; nil if there is none, because of an error.
    let derivation: String?
    /// The first line of the error; nil if there is none.
    let error: String?
    /// The texts of the members of `meta` by name.
    let meta: [String: String]
    /// Nil if the line has no `stats`.
    let usage: Usage?

    /// Reads a line.
    ///
    /// - Returns: nil for the summary at the end of a stream.
    /// - Throws: `Mistake` if the line is no JSON object, or has no field `attr`.
    static func read(_ line: String) throws(Mistake) -> EvaluatedAttribute? {
        let value: JSONValue
        do { value = try JSONValue(parsing: line) } catch { throw Mistake(description: "it is no JSON") }
        if value["summary"] != nil { return nil }
        guard let name = value["attr"]?.string else { throw Mistake(description: "it has no field 'attr'") }
        return EvaluatedAttribute(name: name, value)
    }

    private init(name: String, _ value: JSONValue) {
        self.name = name
        system = value["system"]?.string ?? ""
        derivation = value["drvPath"]?.string
        error = value["error"]?.string.map(Self.summary)
        var meta: [String: String] = [:]
        if case .object(let members)? = value["meta"] {
            // Positions differ whenever a file is edited above them.
            for (key, member) in members where key != "position" { meta[key] = member.text }
        }
        self.meta = meta
        usage = value["stats"].map(Usage.init)
    }

    /// The message of an error: its last line that begins with `error:`, which follows the backtrace.
    private static func summary(_ text: String) -> String {
        let lines = text.split(separator: "\n").map { line in
            var line = line
            while line.first == " " { line.removeFirst() }
            return line
        }
        let last = lines.last { $0.hasPrefix("error:") && $0.count > "error:".count } ?? lines.first
        return String(last ?? "")
    }
}

extension EvaluatedAttribute.Usage {
    /// Reads the field `stats`. What is missing is 0.
    init(_ value: JSONValue) {
        func number(_ name: String) -> UInt64 {
            switch value[name] {
            case .number(let number)?: UInt64(clamping: number)
            case .real(let number)? where number.isFinite && number >= 0 && number < 1e18: UInt64(number)
            default: 0
            }
        }
        wallNanoseconds = number("wallNs")
        cpuNanoseconds = number("cpuNs")
        fuel = number("fuel")
        allocatedBytes = number("allocatedBytes")
    }

    static func += (sum: inout Self, other: Self) {
        sum.wallNanoseconds &+= other.wallNanoseconds
        sum.cpuNanoseconds &+= other.cpuNanoseconds
        sum.fuel &+= other.fuel
        sum.allocatedBytes &+= other.allocatedBytes
    }
}
