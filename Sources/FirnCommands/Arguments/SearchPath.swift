/// Splits the environment variable NIX_PATH.
enum SearchPath {
    /// The entries of the variable. Colons separate them, except for colons in the URL of an archive.
    static func entries(_ variable: [UInt8]) -> [[UInt8]] {
        var entries: [[UInt8]] = []
        var start = 0
        var place = 0
        // The index at which the path of the current entry begins.
        var path = 0
        while place < variable.count {
            switch variable[place] {
            case UInt8(ascii: "="): path = place + 1
            case UInt8(ascii: ":"):
                if isAddress(variable[path...]) {
                    repeat { place += 1 } while place < variable.count && variable[place] != UInt8(ascii: ":")
                }
                entries.append(Array(variable[start..<place]))
                start = place + 1
                path = start
            default: break
            }
            place += 1
        }
        if start < variable.count { entries.append(Array(variable[start...])) }
        return entries
    }

    /// Whether the text begins with a URL or flake reference, whose first colon is not a separator.
    private static func isAddress(_ rest: ArraySlice<UInt8>) -> Bool {
        let schemes = ["http", "https", "file", "channel", "git", "s3", "ssh"].map { $0 + "://" }
        return (["channel:", "flake:"] + schemes).contains { rest.starts(with: $0.utf8) }
    }
}
