import ArgumentParser

/// A size on the command line: bytes, or a number with K, M, G or T for powers of 1024, and optionally `B` or `iB`.
package struct ByteSize: ExpressibleByArgument {
    package var bytes: Int

    package init(bytes: Int) { self.bytes = bytes }

    package var defaultValueDescription: String {
        let units = ["", "KiB", "MiB", "GiB", "TiB"]
        let power = min(bytes.trailingZeroBitCount / 10, units.count - 1)
        return "\(bytes >> (power * 10))\(units[power])"
    }

    package init?(argument: String) {
        var text = argument[...]
        for suffix in ["iB", "B"] where text.hasSuffix(suffix) && text.count > suffix.count {
            text = text.dropLast(suffix.count)
            break
        }
        var shift = 0
        if let last = text.last, let index = "KMGT".firstIndex(of: Character(last.uppercased())) {
            shift = ("KMGT".distance(from: "KMGT".startIndex, to: index) + 1) * 10
            text = text.dropLast()
        }
        guard let number = Int(text), number > 0, number <= Int.max >> shift else { return nil }
        bytes = number << shift
    }
}
