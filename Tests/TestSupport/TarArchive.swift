/// Builds tar archives byte by byte, well formed or not.
public struct TarArchive {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    /// Adds an entry and its contents.
    ///
    /// - Parameters:
    ///   - kind: the header's type flag: `0` for a file, `1` for a hard link, `2` for a symbolic link, `5` for a
    ///     directory.
    ///   - size: the size that the header claims; that of the contents by default.
    public mutating func entry(
        _ name: String, kind: Character = "0", contents: String = "", link: String = "", mode: Int = 0o644,
        size: Int? = nil, magic: String = "ustar\u{0}00"
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at place: Int) {
            for (index, byte) in text.utf8.enumerated() { block[place + index] = byte }
        }
        put(String(name.prefix(100)), at: 0)
        put(Self.octal(mode, 7), at: 100)
        put(Self.octal(size ?? contents.utf8.count, 11), at: 124)
        put(Self.octal(1_600_000_000, 11), at: 136)
        put("        ", at: 148)
        put(String(kind), at: 156)
        put(link, at: 157)
        put(magic, at: 257)
        put(Self.octal(block.reduce(0) { $0 + Int($1) }, 6), at: 148)
        block[154] = 0
        bytes += block + Array(contents.utf8)
        bytes += [UInt8](repeating: 0, count: (512 - contents.utf8.count % 512) % 512)
    }

    /// Adds an extended header, in which each record is preceded by its length.
    public mutating func pax(_ records: [(key: String, value: String)]) {
        let text = records.map { key, value in
            let rest = " \(key)=\(value)\n"
            var length = rest.utf8.count
            while String(length).utf8.count + rest.utf8.count != length {
                length = String(length).utf8.count + rest.utf8.count
            }
            return "\(length)\(rest)"
        }
        entry("pax", kind: "x", contents: text.joined())
    }

    /// Adds the zeros at the end.
    public mutating func end() { bytes += [UInt8](repeating: 0, count: 1024) }

    private static func octal(_ number: Int, _ width: Int) -> String {
        let digits = String(number, radix: 8)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
