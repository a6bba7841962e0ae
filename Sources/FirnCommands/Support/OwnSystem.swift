/// The system that derivations are evaluated for where none is named: the one that this executable was built for.
package enum OwnSystem {
    #if arch(arm64)
        package static let name = "aarch64-linux"
    #else
        package static let name = "x86_64-linux"
    #endif
}
