import CSandbox
import Glibc

/// Restricts which files the process opens by Landlock, which is part of Linux since 5.13.
enum Landlock {
    /// The rights of Landlock's interface, each with the bit that the kernel gives it.
    private struct Rights: OptionSet {
        let rawValue: UInt64

        static let execute = Rights(rawValue: 1 << 0)
        static let writeFile = Rights(rawValue: 1 << 1)
        static let readFile = Rights(rawValue: 1 << 2)
        static let readDirectory = Rights(rawValue: 1 << 3)
        /// Removing and making everything that a directory can hold.
        static let change = Rights(rawValue: 0x1FF0)
        static let makeDevice = Rights(rawValue: 1 << 6 | 1 << 11)
        static let refer = Rights(rawValue: 1 << 13)
        static let truncate = Rights(rawValue: 1 << 14)
        static let control = Rights(rawValue: 1 << 15)

        static let read: Rights = [.readFile, .readDirectory]
        static let write: Rights = [.writeFile, .change, .refer, .truncate]
        /// Rights of something that is not a directory.
        static let ofFile: Rights = [.execute, .writeFile, .readFile, .truncate, .control]

        /// All rights that a version of the interface knows.
        static func known(_ version: Int32) -> Rights {
            var rights: Rights = [.execute, .read, .writeFile, .change]
            if version >= 2 { rights.insert(.refer) }
            if version >= 3 { rights.insert(.truncate) }
            if version >= 5 { rights.insert(.control) }
            return rights
        }
    }

    /// - Parameter policy: what may be opened.
    /// - Returns: what is in effect, in one line.
    static func restrict(_ policy: SandboxPolicy) throws(PartMissing) -> String {
        let version = firn_landlock_version()
        guard version >= 1 else { throw PartMissing("Landlock", errno: errno) }
        let known = Rights.known(version)
        let rules = RuleSet(files: known.rawValue, version: version, allowsNetwork: policy.startsPrograms)
        guard let rules else { throw PartMissing("Landlock", errno: errno) }
        for path in policy.readable { try rules.allow(path, Rights.read.intersection(known)) }
        let writing = Rights.read.union(.write).subtracting(.makeDevice).intersection(known)
        for path in policy.writable { try rules.allow(path, writing) }
        for path in policy.executable { try rules.allow(path, Rights.read.union(.execute).intersection(known)) }
        // The kernel demands this of everybody who is not root, also where the configuration does without the part.
        guard firn_prctl(PR_SET_NO_NEW_PRIVS, 1) == 0, firn_landlock_restrict(rules.descriptor) == 0 else {
            throw PartMissing("Landlock", errno: errno)
        }
        let count = policy.readable.count + policy.executable.count
        return "Landlock \(version): \(count) readable, \(policy.writable.count) writable"
            + (version >= 6 ? ", no signals to others" : "")
    }

    /// The descriptor of a set of rules that is being made.
    private struct RuleSet: ~Copyable {
        let descriptor: Int32

        /// Nil if the kernel makes none.
        init?(files: UInt64, version: Int32, allowsNetwork: Bool) {
            var rules = firn_landlock_rules(files: files, network: 0, scopes: 0)
            // Binding and connecting by TCP since version 4; abstract sockets and signals since version 6.
            if version >= 4, !allowsNetwork { rules.network = 3 }
            if version >= 6 { rules.scopes = allowsNetwork ? 2 : 3 }
            let size = version >= 6 ? 24 : version >= 4 ? 16 : 8
            descriptor = unsafe firn_landlock_create(&rules, size)
            guard descriptor >= 0 else { return nil }
        }

        deinit { if descriptor >= 0 { close(descriptor) } }

        /// Allows rights for what lies at a path and below it.
        func allow(_ path: String, _ rights: Rights) throws(PartMissing) {
            let file = unsafe open(path, __O_PATH | O_CLOEXEC)
            guard file >= 0 else { throw PartMissing("'\(path)'", errno: errno) }
            defer { close(file) }
            var status = stat()
            guard unsafe fstat(file, &status) == 0 else { throw PartMissing("'\(path)'", errno: errno) }
            let isDirectory = status.st_mode & S_IFMT == S_IFDIR
            let allowed = isDirectory ? rights : rights.intersection(.ofFile)
            var rule = firn_landlock_path(allowed: allowed.rawValue, descriptor: file)
            guard unsafe firn_landlock_allow(descriptor, &rule) == 0 else {
                throw PartMissing("'\(path)'", errno: errno)
            }
        }
    }
}
