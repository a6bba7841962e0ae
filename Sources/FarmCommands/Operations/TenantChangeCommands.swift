import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol

/// The command `firn tenants list`.
struct ListTenantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show what tenants may use.",
        discussion: "Example: firn tenants list acme --json")

    @Argument(help: "The tenant; without one, all that are known.") var tenant: String?
    @OptionGroup(title: "Connection") var connection: ConnectionArguments
    @Flag(help: "Print a line of JSON for each tenant.") var json = false

    func run() async throws {
        let client = try await connection.connect(as: .operator)
        let tenants = try await ConnectionArguments.reporting {
            try await SchedulingSupport.require(client)
            return try await client.tenants(tenant ?? "")
        }
        if json {
            for tenant in tenants { Output.write(1, TenantReport.json(tenant).text + "\n") }
        } else if tenant != nil, let only = tenants.first {
            Output.text(TenantReport.text(only))
        } else {
            Output.text(TenantReport.table(tenants))
        }
        if tenant != nil, tenants.isEmpty { throw CommandFailure("there is no tenant '\(tenant ?? "")'") }
    }
}

/// What all commands share that change a tenant.
struct TenantChangeArguments: ParsableArguments {
    @Argument(help: "The tenant.") var tenant: String
    @OptionGroup(title: "Connection") var connection: ConnectionArguments
    @Flag(help: "Print one JSON document.") var json = false

    mutating func validate() throws {
        if Tenant(tenant) == nil {
            throw ValidationError("'\(tenant)': names have 1 to 63 of a-z 0-9 - _ . and begin with a letter or digit")
        }
    }

    /// Makes a change and shows what the tenant may use now.
    func change(reset: Bool = false, _ change: (inout WireTenantSettings) -> Void) async throws {
        var settings = WireTenantSettings()
        change(&settings)
        let client = try await connection.connect(as: .operator)
        let info = try await ConnectionArguments.reporting {
            try await SchedulingSupport.require(client)
            return try await client.changeTenant(tenant, settings, reset: reset)
        }
        if json { return Output.write(1, TenantReport.json(info).text + "\n") }
        Output.text(TenantReport.text(info))
    }
}

/// The options that set quotas.
struct QuotaArguments: ParsableArguments {
    @Option(help: "The most jobs that wait.") var queued: UInt64?
    @Option(help: "The most bytes of their specifications.") var queuedBytes: ByteSize?
    @Option(help: "The most jobs that run at once.") var running: UInt64?
    @Option(help: "The largest sum of the memory limits of jobs that run at once; 0 for no bound.")
    var runningMemory: String?
    @Option(help: "The most jobs of one fairness key that are leased at once; 0 for no bound.")
    var runningPerKey: UInt64?
    @Option(help: "The most jobs at once for which something is built.") var building: UInt64?
    @Option(help: "The fuel of an hour; 0 for no bound.") var fuelPerHour: UInt64?
    @Option(help: "The bytes of traces of an hour; 0 for no bound.") var traceBytesPerHour: String?
    @Option(help: "The bytes of store objects of an hour; 0 for no bound.") var closureBytesPerHour: String?
    @Option(help: "The most connections of its clients.") var connections: UInt64?
    @Option(help: "The most jobs that these watch together.") var watched: UInt64?
    @Option(help: "The most bytes of replies that wait for them.") var answerBytes: ByteSize?
    @Option(help: "The highest limit on fuel that a job may name.") var maximumFuel: UInt64?
    @Option(help: "The highest limit on memory that a job may name.") var maximumMemory: ByteSize?
    @Option(help: ArgumentHelp("The highest limit on time that a job may name.", valueName: "seconds"))
    var maximumTime: Double?

    mutating func validate() throws {
        for (name, text) in [
            ("--running-memory", runningMemory), ("--trace-bytes-per-hour", traceBytesPerHour),
            ("--closure-bytes-per-hour", closureBytesPerHour),
        ] {
            guard let text, Self.size(text) == nil else { continue }
            throw ValidationError("\(name) takes a size, as 512M, 2GiB or 0, not '\(text)'")
        }
        if let maximumTime, !(maximumTime >= 0.001 && maximumTime <= 86_400) {
            throw ValidationError("--maximum-time takes seconds from 0.001 to 86400, not \(maximumTime)")
        }
    }

    /// A size that may be 0.
    private static func size(_ text: String) -> UInt64? {
        text == "0" ? 0 : ByteSize(argument: text).map { UInt64($0.bytes) }
    }

    var isEmpty: Bool {
        var settings = WireTenantSettings()
        apply(to: &settings)
        return settings == WireTenantSettings()
    }

    func apply(to settings: inout WireTenantSettings) {
        if let queued { settings.queued = queued }
        if let queuedBytes { settings.queuedBytes = UInt64(queuedBytes.bytes) }
        if let running { settings.running = running }
        if let size = runningMemory.flatMap(Self.size) { settings.runningMemory = size }
        if let runningPerKey { settings.runningPerKey = runningPerKey }
        if let building { settings.building = building }
        if let fuelPerHour { settings.fuelPerHour = fuelPerHour }
        if let size = traceBytesPerHour.flatMap(Self.size) { settings.traceBytesPerHour = size }
        if let size = closureBytesPerHour.flatMap(Self.size) { settings.closureBytesPerHour = size }
        if let connections { settings.connections = connections }
        if let watched { settings.watched = watched }
        if let answerBytes { settings.answerBytes = UInt64(answerBytes.bytes) }
        if let maximumFuel { settings.maximumFuel = maximumFuel }
        if let maximumMemory { settings.maximumMemoryBytes = UInt64(maximumMemory.bytes) }
        if let maximumTime { settings.maximumTimeoutMs = JobOptionArguments.milliseconds(maximumTime) }
    }
}

/// The command `firn tenants add`.
struct AddTenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a tenant; firn tenants key add then admits its clients.",
        discussion: "Example: firn tenants add acme --weight 2 --running 8 --maximum-memory 4GiB")

    @OptionGroup var change: TenantChangeArguments
    @Option(help: "Its share of the workers relative to other tenants.") var weight: Double?
    @OptionGroup(title: "Quotas") var quotas: QuotaArguments

    func run() async throws {
        try await change.change { settings in
            if let weight { settings.weight = weight }
            quotas.apply(to: &settings)
        }
    }
}

/// The command `firn tenants weight`.
struct WeightCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weight", abstract: "Set a tenant's share of the workers.",
        discussion: "Example: firn tenants weight acme 3")

    @OptionGroup var change: TenantChangeArguments
    @Argument(help: "The weight relative to other tenants, from 0.001 to 1000000.") var weight: Double

    func run() async throws { try await change.change { $0.weight = weight } }
}

/// The command `firn tenants quota`.
struct QuotaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota", abstract: "Set a tenant's quotas; those that are not named stay.",
        discussion: "Example: firn tenants quota acme --running 16 --running-per-key 4")

    @OptionGroup var change: TenantChangeArguments
    @OptionGroup(title: "Quotas") var quotas: QuotaArguments

    mutating func validate() throws {
        if quotas.isEmpty { throw ValidationError("name at least one quota, such as --running 8") }
    }

    func run() async throws { try await change.change { quotas.apply(to: &$0) } }
}

/// The command `firn tenants pause`.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Run no further jobs of a tenant; they are accepted and wait.",
        discussion: "Example: firn tenants pause acme")

    @OptionGroup var change: TenantChangeArguments

    func run() async throws { try await change.change { $0.paused = true } }
}

/// The command `firn tenants resume`.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Run the jobs of a paused tenant again.",
        discussion: "Example: firn tenants resume acme")

    @OptionGroup var change: TenantChangeArguments

    func run() async throws { try await change.change { $0.paused = false } }
}

/// The command `firn tenants reset`.
struct ResetTenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Forget all changes of a tenant, so that the configuration file applies.",
        discussion: "Example: firn tenants reset acme")

    @OptionGroup var change: TenantChangeArguments

    func run() async throws { try await change.change(reset: true) { _ in } }
}
