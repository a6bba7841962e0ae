import ArgumentParser

/// The command `firn tenants`.
struct TenantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenants",
        abstract: "Show and change what tenants may use, and their keys; needs an operator's key.",
        discussion: """
            A change is in effect when the command ends, and lasts: it is kept in tenants.json in the coordinator's store and \
            overrides the configuration file until it is reset.

            Examples:
              firn tenants
              firn tenants add acme --weight 2 --running 8
              firn tenants pause acme
              firn tenants key add acme/laptop --key-file laptop.cert_secret
              firn tenants key revoke acme/laptop
            """,
        subcommands: [
            ListTenantsCommand.self, AddTenantCommand.self, WeightCommand.self, QuotaCommand.self, PauseCommand.self,
            ResumeCommand.self, ResetTenantCommand.self, TenantKeyCommand.self,
        ], defaultSubcommand: ListTenantsCommand.self)
}
