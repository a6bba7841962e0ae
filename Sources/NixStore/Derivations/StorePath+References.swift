extension StorePath {
    /// Those of some store paths that a text contains. As in Nix, a path counts if the part of it that is a hash is there.
    ///
    /// - Parameters:
    ///   - paths: the store paths.
    ///   - text: the text.
    ///   - poll: called with the number of each byte; false ends the search.
    /// - Returns: the paths in their order; nil if the search was ended.
    public static func references(
        among paths: [[UInt8]], in text: [UInt8], poll: (Int) -> Bool
    ) -> [[UInt8]]? {
        let hashes = paths.map(hashPart)
        let places = Dictionary(zip(hashes, hashes.indices)) { first, _ in first }
        let ends = Set(hashes.map { $0.reduce(0, appending) })
        let isDigit = Nix32.isDigit
        var found: Set<Int> = []
        // The number of characters before this place that could all be those of a hash, and the last eight of them.
        var run = 0
        var end: UInt64 = 0
        for (index, byte) in text.enumerated() {
            guard poll(index) else { return nil }
            run = isDigit[Int(byte)] ? run + 1 : 0
            end = appending(end, byte)
            guard run >= hashLength, ends.contains(end) else { continue }
            let hash = Array(text[(index + 1 - hashLength)...index])
            if let place = places[hash] { found.insert(place) }
        }
        return found.sorted().map { paths[$0] }
    }

    /// The last eight characters as one number.
    private static func appending(_ end: UInt64, _ byte: UInt8) -> UInt64 { end << 8 | UInt64(byte) }
}
