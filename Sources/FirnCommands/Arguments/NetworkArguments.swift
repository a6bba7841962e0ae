import ArgumentParser
import NixStore

/// The options about the network.
package struct NetworkArguments: ParsableArguments {
    @Flag(help: "Let the fetchers download with curl and git. What they get is kept in the user's cache.")
    package var allowNetwork = false

    @Flag(help: "With --allow-network: ask servers again for what was downloaded before.")
    package var refresh = false

    package init() {}

    package mutating func validate() throws {
        if refresh, !allowNetwork { throw ValidationError("--refresh is for --allow-network") }
    }

    /// The settings for the fetchers; nil if nothing is to be downloaded, or if there is no directory to keep it in.
    func settings(_ settings: NixSettings) -> NetworkSettings? {
        guard allowNetwork else { return nil }
        let network = settings.downloads.network(isFresh: refresh)
        if network == nil {
            Output.note(
                "warning: nothing is downloaded: without a home directory, set FIRN_CACHE_DIR and XDG_CACHE_HOME")
        }
        return network
    }
}
