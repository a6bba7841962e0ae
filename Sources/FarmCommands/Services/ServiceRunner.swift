import FirnCommands
import FirnCoordinator
import Logging
import ServiceLifecycle

/// Runs services until SIGTERM or Ctrl-C, which shut them down gracefully. SIGQUIT ends them at once.
enum ServiceRunner {
    /// The configured level.
    static func level(_ source: inout SettingsSource) throws(SettingsError) -> Logger.Level {
        let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        return try source.parsed("logLevel", expected: "one of \(names)") { Logger.Level(rawValue: $0) } ?? .info
    }

    /// A logger to standard error. There is one in a process.
    static func logger(_ level: Logger.Level) -> Logger {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: "firn")
        logger.logLevel = level
        return logger
    }

    /// - Parameter services: the services to run, which are shut down from the last to the first.
    /// - Throws: `CommandFailure` if one of them fails.
    static func run(_ services: [any Service], logger: Logger) async throws {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let parts = services.map {
            ServiceGroupConfiguration.ServiceConfiguration(
                service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .gracefullyShutdownGroup)
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: parts, gracefulShutdownSignals: [.sigterm, .sigint], cancellationSignals: [.sigquit],
                logger: quiet))
        do { try await group.run() } catch { throw CommandFailure("\(error)") }
    }

    /// Makes a service.
    ///
    /// - Throws: `CommandFailure` with the reason, and exit code 2 if the configuration is wrong.
    static func make<Part>(_ body: () throws -> Part) throws -> Part {
        do {
            return try body()
        } catch let error as CommandFailure {
            throw error
        } catch let error as CoordinatorError {
            throw CommandFailure("\(error)", exitCode: 2)
        } catch {
            throw CommandFailure("\(error)")
        }
    }
}
