/// The byte classes that tokens are made of, as Nix's lexer defines them.
extension UInt8 {
    @inline(__always)
    var isLetter: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        default: false
        }
    }

    @inline(__always)
    var isDigit: Bool {
        self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9")
    }

    /// Whether the byte may follow the first byte of an identifier.
    @inline(__always)
    var isIdentifierByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "'"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// Whether the byte may stand in a path component.
    @inline(__always)
    var isPathByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
            UInt8(ascii: "+"):
            true
        default: false
        }
    }

    /// Whether the byte may stand in a URL after its scheme and colon.
    @inline(__always)
    var isURIByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "%"), UInt8(ascii: "/"), UInt8(ascii: "?"),
            UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "&"), UInt8(ascii: "="), UInt8(ascii: "+"),
            UInt8(ascii: "$"), UInt8(ascii: ","), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "!"), UInt8(ascii: "~"), UInt8(ascii: "*"), UInt8(ascii: "'"):
            true
        default: false
        }
    }
}

/// The byte classes as a lookup table, for the lexer's loops over words and paths.
@safe
struct ByteClasses {
    private let table: UnsafePointer<UInt8>
    private static let identifier: UInt8 = 1
    private static let path: UInt8 = 2

    /// The table of the process. It is never freed.
    static let shared = ByteClasses()

    private init() {
        let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
        for byte in UInt8.min...UInt8.max {
            let classes = (byte.isIdentifierByte ? Self.identifier : 0) | (byte.isPathByte ? Self.path : 0)
            unsafe (table + Int(byte)).initialize(to: classes)
        }
        unsafe self.table = UnsafePointer(table)
    }

    @inline(__always)
    func isIdentifier(_ byte: UInt8) -> Bool { unsafe table[Int(byte)] & Self.identifier != 0 }
    @inline(__always)
    func isPath(_ byte: UInt8) -> Bool { unsafe table[Int(byte)] & Self.path != 0 }
}

// The table is never written after `init`.
extension ByteClasses: @unchecked Sendable {}
