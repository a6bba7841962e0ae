import ArgumentParser
import NixStore

/// The options about the network.
package struct NetworkArguments: ParsableArguments {
    @Flag(
        name: .customLong("allow-network"),
        help: """
            Let the fetchers download with curl and git. What they get is kept in the user's cache; --refresh asks servers \
            again.
            """)
    package var allowNetwork = false

    package init() {}

    /// The settings for the fetchers; nil if nothing is to be downloaded, or if there is no directory to keep it in.
    func settings(_ settings: NixSettings) -> NetworkSettings? {
        guard allowNetwork else { return nil }
        let network = settings.downloads.network()
        if network == nil {
            Output.note(
                "warning: nothing is downloaded: without a home directory, set FIRN_CACHE_DIR and XDG_CACHE_HOME")
        }
        return network
    }
}
