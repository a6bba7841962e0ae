import Foundation

/// A case in a file: the input of a target, and how it ran.
public struct FuzzCase: Sendable, Equatable {
    public var target: String
    /// The seed of the case, or of the first job.
    public var seed: UInt64
    /// The number of jobs from the seed on that share one memory.
    public var count = 1
    public var note = ""
    public var body = ""

    public init(target: String, seed: UInt64) {
        self.target = target
        self.seed = seed
    }

    public init?(_ text: String) {
        guard let end = text.range(of: "\n---\n") else { return nil }
        target = ""
        seed = 0
        for line in text[..<end.lowerBound].split(separator: "\n") {
            guard let colon = line.range(of: ": ") else { continue }
            let value = String(line[colon.upperBound...])
            switch line[..<colon.lowerBound] {
            case "target": target = value
            case "seed": seed = UInt64(value) ?? 0
            case "count": count = Int(value) ?? 1
            case "note": note += note.isEmpty ? value : "\n\(value)"
            default: return nil
            }
        }
        body = String(text[end.upperBound...])
    }

    public var text: String {
        var lines = ["target: \(target)", "seed: \(seed)", "count: \(count)"]
        for line in note.split(separator: "\n") { lines.append("note: \(line)") }
        return lines.joined(separator: "\n") + "\n---\n" + body
    }

    /// The bytes of a hexadecimal text; nil if it is not one.
    public var bytes: [UInt8]? {
        let digits = body.filter { !$0.isWhitespace }
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        var rest = Substring(digits)
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    public static func digits(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
