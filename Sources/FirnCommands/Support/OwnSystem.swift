/// The default of `builtins.currentSystem`: the system for which this executable was built.
package enum OwnSystem {
    #if arch(arm64)
        package static let name = "aarch64-linux"
    #else
        package static let name = "x86_64-linux"
    #endif
}
