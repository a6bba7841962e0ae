import Glibc

/// The default of `builtins.currentSystem`: the system for which this executable was built.
package enum OwnSystem {
    #if arch(arm64)
        package static let name = "aarch64-linux"
    #else
        package static let name = "x86_64-linux"
    #endif

    /// The number of processors that are online.
    static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
