import Glibc

enum SystemMessage {
    /// The system's message for an error number.
    static func text(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
