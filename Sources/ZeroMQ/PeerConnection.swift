import Glibc

/// A connection that a bound socket has accepted, by which it can be ended.
///
/// libzmq ends no single connection of a socket. It tells the descriptor of the connection by which a message came, and
/// takes a connection that is shut down for one that its peer has closed. The number of a descriptor may be used again
/// for another connection, so the connection is recognised by the inode of its socket, which no other has meanwhile.
public struct PeerConnection: Sendable, Hashable {
    private let descriptor: Int32
    private let inode: UInt64

    /// - Parameter descriptor: `Message.descriptor`. Nil is returned if it is not an open socket any more.
    public init?(descriptor: Int32) {
        guard let inode = Self.inode(of: descriptor) else { return nil }
        self.descriptor = descriptor
        self.inode = inode
    }

    public var isOpen: Bool { Self.inode(of: descriptor) == inode }

    /// Ends the connection. Nothing more is received from it, and what libzmq has queued for it is discarded.
    public func shutDown() {
        guard isOpen else { return }
        Glibc.shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private static func inode(of descriptor: Int32) -> UInt64? {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        return UInt64(status.st_ino)
    }
}
