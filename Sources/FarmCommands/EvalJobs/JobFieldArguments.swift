import ArgumentParser
import FirnCommands
import FirnProtocol
import FoundationEssentials

/// The options of `firn eval-jobs` that say what is printed of each derivation.
struct JobFieldArguments: ParsableArguments {
    @Flag(help: "Visit every set, even without recurseForDerivations.")
    var forceRecurse = false

    @Flag(help: "Add the field meta, with those attributes that are plain data.")
    var meta = false

    @Flag(help: "Add the field inputDrvs: the derivations that each needs, with the outputs.")
    var showInputDrvs = false

    @Option(
        help: ArgumentHelp(
            "Pass each derivation to a function; its result, a set, is the field extraValue.", valueName: "expr"))
    var apply: String?

    @Flag(
        help: """
            Add the fields constituents, namedConstituents and globConstituents, and make aggregate jobs of Hydra depend on \
            the jobs that they name.
            """)
    var constituents = false

    @Flag(
        help: """
            Ask the Nix daemon whether outputs are there or can be substituted: the fields cacheStatus, isCached, \
            neededBuilds and neededSubstitutes.
            """)
    var checkCacheStatus = false

    @Flag(
        help: """
            Add the field stats: wall and processor time in nanoseconds, fuel and allocated bytes. What attributes share \
            counts for the one that is visited first.
            """)
    var stats = false

    @Flag(help: "Write no derivation to a store. All fields stay.")
    var noInstantiate = false

    @Option(
        help: ArgumentHelp(
            "Make a link in a directory to each derivation that is written to a store.", valueName: "directory"))
    var gcRootsDir: String?

    /// Says which of the options have no effect.
    ///
    /// - Parameter isWritten: whether derivations are written to a store.
    func warn(isWritten: Bool) {
        if gcRootsDir != nil, !noInstantiate, !isWritten {
            Output.note("warning: no derivation is written to a store, so --gc-roots-dir makes no links")
        }
    }

    /// Sets what the jobs are asked for.
    func fill(_ walk: inout WireAttributeWalk) {
        walk.forceRecurse = forceRecurse
        walk.meta = meta
        walk.inputDrvs = showInputDrvs || checkCacheStatus
        walk.constituents = constituents
        walk.apply = Data((apply ?? "").utf8)
    }
}
