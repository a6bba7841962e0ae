/// The numbers of the protocol that Nix's daemon speaks, Nix's "worker protocol".
///
/// All numbers have eight bytes, little-endian. A text is its length, its bytes, and zeros up to a multiple of eight; a
/// list is its length and its items. A *framed* stream is a sequence of pieces, each its length and its bytes without
/// padding, and ends with an empty piece. To each request the daemon answers with messages, of which the last is
/// `Message.last` before the result, or `Message.error`.
enum WorkerProtocol {
    /// The first number of the client and of the daemon.
    static let clientMagic: UInt64 = 0x6E69_7863
    static let daemonMagic: UInt64 = 0x6478_696F

    /// A version of the protocol, which is 1 and the number here. The lower one of client and daemon is spoken.
    enum Minor {
        /// Nix 2.4 and newer, whose daemon computes the path of whatever is added, in framed streams.
        static let oldest: UInt64 = 25
        /// The error has fields instead of a text and a number.
        static let structuredErrors: UInt64 = 26
        /// Asking for valid paths says whether they may be substituted.
        static let substitution: UInt64 = 27
        /// The daemon tells its version of Nix.
        static let daemonVersion: UInt64 = 33
        /// The daemon tells whether it trusts the user.
        static let trust: UInt64 = 35
        /// Client and daemon tell their features.
        static let features: UInt64 = 38
        static let newest: UInt64 = 38
    }

    /// The daemon takes no options.
    static let withoutOptions = Array("disable-set-options".utf8)

    enum Operation: UInt64 {
        case isValidPath = 1
        case addToStore = 7
        case addTempRoot = 11
        case addIndirectRoot = 12
        case setOptions = 19
        case queryPathInfo = 26
        case queryValidPaths = 31
        case queryMissing = 40
    }

    enum Message: UInt64 {
        /// A line of the log.
        case next = 0x6F6C_6D67
        /// The daemon wants a piece of input, which no operation here has.
        case read = 0x6461_7461
        /// The daemon has a piece of output, which no operation here has.
        case write = 0x6461_7416
        case last = 0x616C_7473
        case error = 0x6378_7470
        case startActivity = 0x5354_5254
        case stopActivity = 0x5354_4F50
        case result = 0x5253_4C54
    }

    /// Bounds on what a daemon may send. They are far above what Nix sends, and keep something else from taking all
    /// memory.
    enum Bound {
        /// The bytes of a text.
        static let text = 1 << 20
        /// The fields of an activity, the traces of an error and the features.
        static let items = 1 << 10
        /// The store paths in an answer about a whole closure.
        static let paths = 1 << 22
        /// The messages of one request.
        static let messages = 1 << 20
    }
}

/// Encodes numbers and texts as the worker protocol, archives and exports have them.
struct WireWriter {
    var bytes: [UInt8] = []

    mutating func number(_ value: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
    }

    mutating func number(_ value: Int) { number(UInt64(value)) }

    mutating func flag(_ value: Bool) { number(value ? 1 : 0) }

    mutating func operation(_ operation: WorkerProtocol.Operation) { number(operation.rawValue) }

    mutating func text(_ text: [UInt8]) {
        number(text.count)
        bytes += text
        for _ in 0..<((8 - text.count % 8) % 8) { bytes.append(0) }
    }

    mutating func texts(_ texts: some Collection<[UInt8]>) {
        number(texts.count)
        for item in texts { text(item) }
    }
}
