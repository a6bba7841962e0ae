import CSandbox
import Glibc

/// Gives the process a file system of its own that has nothing but the files of its policy, each at its own path.
///
/// Root may make a mount namespace; everybody else needs a user namespace with it, which not all systems allow.
enum MountNamespace {
    private enum Use { case reading, executing, writing }

    /// - Returns: what is in effect, in one line.
    static func enter(_ policy: SandboxPolicy) throws(PartMissing) -> String {
        let (user, group) = (geteuid(), getegid())
        let isRoot = user == 0
        guard firn_unshare_mounts(isRoot ? 0 : 1) == 0 else { throw PartMissing("mount namespace", errno: errno) }
        if !isRoot { try keepUser(user, group) }
        guard firn_make_mounts_private() == 0 else { throw PartMissing("mount namespace", errno: errno) }
        // Any directory serves as the place of the new root: it is only changed in the namespace.
        let root = "/tmp"
        let entries =
            policy.readable.map { ($0, Use.reading) } + policy.executable.map { ($0, .executing) }
            + policy.writable.map { ($0, .writing) }
        // What lies in that directory is hidden as soon as something is mounted there, so it is opened before.
        var sources: [(path: String, descriptor: Int32, use: Use)] = []
        defer { for source in sources { close(source.descriptor) } }
        for (path, use) in entries {
            let descriptor = unsafe open(path, __O_PATH | O_CLOEXEC)
            guard descriptor >= 0 else { throw PartMissing("'\(path)'", errno: errno) }
            sources.append((path, descriptor, use))
        }
        guard unsafe firn_mount_memory(root) == 0 else { throw PartMissing("mount namespace", errno: errno) }
        // Shorter paths first: a directory is mounted before what lies in it.
        for source in sources.sorted(by: { $0.path.utf8.count < $1.path.utf8.count }) {
            try bind(source.descriptor, to: root + source.path, for: source.use)
        }
        guard unsafe firn_change_root(root) == 0 else { throw PartMissing("pivot_root", errno: errno) }
        return "mount namespace: \(entries.count) paths"
    }

    private static func bind(_ source: Int32, to target: String, for use: Use) throws(PartMissing) {
        var status = stat()
        guard unsafe fstat(source, &status) == 0 else { throw PartMissing(target, errno: errno) }
        try makePlace(target, isDirectory: status.st_mode & S_IFMT == S_IFDIR)
        guard unsafe firn_bind("/proc/self/fd/\(source)", target) == 0,
            unsafe firn_restrict_mount(target, use == .writing ? 1 : 0, use == .executing ? 1 : 0) == 0
        else { throw PartMissing("mounting '\(target)'", errno: errno) }
    }

    /// Makes the directories on the way to a path, and what is mounted over.
    private static func makePlace(_ path: String, isDirectory: Bool) throws(PartMissing) {
        var made = ""
        let names = path.split(separator: "/")
        for name in isDirectory ? names[...] : names.dropLast() {
            made += "/\(name)"
            guard unsafe mkdir(made, 0o755) == 0 || errno == EEXIST else { throw PartMissing(made, errno: errno) }
        }
        if isDirectory { return }
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw PartMissing(path, errno: errno) }
        close(file)
    }

    /// Lets the user keep its number in its user namespace.
    private static func keepUser(_ user: uid_t, _ group: gid_t) throws(PartMissing) {
        for (file, text) in [
            ("setgroups", "deny"), ("uid_map", "\(user) \(user) 1"), ("gid_map", "\(group) \(group) 1"),
        ] {
            let descriptor = unsafe open("/proc/self/\(file)", O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw PartMissing("user namespace", errno: errno) }
            defer { close(descriptor) }
            let bytes = Array(text.utf8)
            guard unsafe write(descriptor, bytes, bytes.count) == bytes.count else {
                throw PartMissing("user namespace", errno: errno)
            }
        }
    }
}
