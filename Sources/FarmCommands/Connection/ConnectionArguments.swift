import ArgumentParser
import FirnClient
import FirnProtocol
import FoundationEssentials

/// The options that say how a command reaches the coordinator.
struct ConnectionArguments: ParsableArguments {
    @OptionGroup(title: "Connection")
    var settings: SettingsArguments

    @Option(help: ArgumentHelp("The coordinator's endpoint, such as tcp://farm:7701.", valueName: "endpoint"))
    var endpoint: String?

    @Option(help: ArgumentHelp("The key to speak with, a .cert_secret file.", valueName: "file"))
    var key: String?

    @Option(help: ArgumentHelp("The coordinator's public key, coordinator.cert.", valueName: "file"))
    var serverKey: String?

    /// Whether the command line or the environment names a coordinator.
    var isGiven: Bool {
        if endpoint != nil || settings.config != nil || !settings.assignments.isEmpty { return true }
        let names = ProcessInfo.processInfo.environment.keys
        return names.contains { $0.hasPrefix("FIRN_CLIENT_") }
    }

    /// Connects with a role. By default, every failure occurs within five seconds and names the endpoint and the
    /// reason.
    func connect(as role: Role = .client) async throws -> FirnClient {
        let section = role == .operator ? "operators." : ""
        var source = try await settings.source(
            of: "client",
            options: [("\(section)endpoint", endpoint), ("\(section)key", key), ("serverKey", serverKey)])
        let connection: ConnectionSettings
        do throws(SettingsError) {
            connection = try ConnectionSettings(&source)
        } catch {
            throw CommandFailure(error.description, exitCode: 2)
        }
        let configuration = try connection.configuration(role: role)
        return try await Self.reporting { try await FirnClient.connect(configuration) }
    }

    /// Runs requests. An error of the coordinator or the connection becomes the command's failure.
    static func reporting<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as CommandFailure {
            throw error
        } catch let error as ExitCode {
            throw error
        } catch {
            throw CommandFailure("\(error)")
        }
    }
}

/// The option of commands that operators may use, too.
struct RoleArguments: ParsableArguments {
    @Flag(name: .customLong("operator"), help: "Speak as an operator: see the jobs of all tenants.")
    var isOperator = false

    var role: Role { isOperator ? .operator : .client }
}
