import CPlatform
import Glibc

/// Which build of the program is running.
public enum BuildIdentity {
    /// The build id that the linker has given the program: two programs with the same one behave alike. Where the linker
    /// gives none, the size and the time of the program's file take its place. It is empty if even they are not known.
    public static let own: [UInt8] = {
        let id = firn_own_build_id()
        let bytes = unsafe withUnsafeBytes(of: id.bytes) { unsafe Array($0.prefix(id.count)) }
        if !bytes.isEmpty { return bytes }
        var status = stat()
        guard unsafe stat("/proc/self/exe", &status) == 0 else { return [] }
        return Array("\(status.st_size).\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)".utf8)
    }()
}
