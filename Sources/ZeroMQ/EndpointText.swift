import Glibc

/// Checks the form of endpoints before libzmq sees them. libzmq itself reads a port of 99999 as 34463, and lets a
/// second socket take over the file of a bound ipc endpoint.
public enum EndpointText {
    private static let shape = "this is no endpoint; one is tcp://HOST:PORT or ipc://PATH"
    /// The longest path of a Unix domain socket, without its terminating zero.
    private static let socketPathBytes = 107

    /// What is wrong with an endpoint to connect to; nil if nothing is.
    public static func fault(in endpoint: String) -> String? { fault(in: endpoint, isBound: false) }

    /// What is wrong with an endpoint to bind; nil if nothing is. The port may be `*` or 0, for which the system
    /// chooses one.
    public static func fault(inBound endpoint: String) -> String? { fault(in: endpoint, isBound: true) }

    private static func fault(in endpoint: String, isBound: Bool) -> String? {
        if endpoint.hasPrefix("inproc://") { return nil }
        if endpoint.hasPrefix("ipc://") {
            let bytes = endpoint.utf8.count - "ipc://".utf8.count
            guard bytes > 0 else { return shape }
            guard bytes <= socketPathBytes else {
                return "the path has \(bytes) bytes; the system takes at most \(socketPathBytes)"
            }
            return nil
        }
        guard endpoint.hasPrefix("tcp://"), let colon = endpoint.lastIndex(of: ":"),
            endpoint[..<colon].utf8.count > "tcp://".utf8.count
        else { return shape }
        let port = endpoint[endpoint.index(after: colon)...]
        if isBound, port == "*" || port == "0" { return nil }
        guard port.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = UInt16(port), number > 0 else {
            return "the port '\(port)' is not a number from 1 to 65535"
        }
        return nil
    }

    /// Whether something listens at an ipc endpoint; false for any other. A file that a killed process left behind does
    /// not count.
    static func isServed(_ endpoint: String) -> Bool {
        let path = Array(endpoint.dropFirst("ipc://".count).utf8)
        guard endpoint.hasPrefix("ipc://"), path.count <= socketPathBytes, path.first != UInt8(ascii: "@") else {
            return false
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}
