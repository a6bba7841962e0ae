import FirnCommands
import FirnCoordinator
import Logging
import ServiceLifecycle
import UnixSignals

/// Reads a coordinator's configuration again on each SIGHUP. One that cannot be used is logged, and the old one stays in
/// force.
struct ConfigurationReload: Service {
    private let coordinator: RunningCoordinator
    private let logger: Logger
    private let signals: UnixSignalsSequence
    private let source: @Sendable () async throws -> SettingsSource

    /// From now on SIGHUP does not end the process.
    ///
    /// - Parameters:
    ///   - coordinator: the coordinator that gets the configuration.
    ///   - logger: gets what was found wrong.
    ///   - source: opens the settings, as at the start.
    init(
        _ coordinator: RunningCoordinator, logger: Logger,
        source: @escaping @Sendable () async throws -> SettingsSource
    ) async {
        self.coordinator = coordinator
        self.logger = logger
        self.source = source
        signals = await UnixSignalsSequence(trapping: .sighup)
    }

    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() { await reload() }
    }

    private func reload() async {
        do {
            var source = try await source()
            _ = try ServiceRunner.level(&source)
            let configuration = try CoordinatorConfiguration(&source)
            try source.finish()
            if try await coordinator.reconfigure(configuration) {
                logger.warning("some values have changed that are only read at the start: restart the coordinator")
            }
        } catch {
            logger.error("the configuration stays as it was", metadata: ["reason": "\(error)"])
        }
    }
}
