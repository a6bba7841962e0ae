#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension String {
    /// The system's message for an error number.
    init(errno code: Int32) {
        guard let words = unsafe strerror(code) else {
            self = "error \(code)"
            return
        }
        self = unsafe String(cString: words)
    }
}
