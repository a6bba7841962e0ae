/// The name of a derivation, divided as Nix divides it: the version begins after the first dash that no letter follows.
struct PackageName: Equatable {
    let full: [UInt8]
    let name: ArraySlice<UInt8>
    let version: ArraySlice<UInt8>

    init(_ full: [UInt8]) {
        self.full = full
        let dash = full.indices.dropLast().first { full[$0] == UInt8(ascii: "-") && !Self.isLetter(full[$0 + 1]) }
        name = full[..<(dash ?? full.endIndex)]
        version = dash.map { full[($0 + 1)...] } ?? []
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") || byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
    }

    /// Whether a name comes before another in the lists of `nix-env`, which do not distinguish upper and lower case.
    static func precedes(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.lexicographicallyPrecedes(b) { Int8(bitPattern: upper($0)) < Int8(bitPattern: upper($1)) }
    }

    private static func upper(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") ? byte - 32 : byte
    }
}
