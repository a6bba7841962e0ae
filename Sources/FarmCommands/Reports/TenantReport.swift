import FirnCommands
import FirnProtocol

/// Shows what tenants may use.
enum TenantReport {
    /// All settings with their names in JSON, which are those of the configuration file where that has them.
    private static func values(_ settings: WireTenantSettings) -> [(name: String, isSet: Bool, value: JSONValue)] {
        [
            ("weight", settings.hasWeight, .real(settings.weight)),
            ("paused", settings.hasPaused, .bool(settings.paused)),
            ("queued", settings.hasQueued, .unsigned(settings.queued)),
            ("queuedBytes", settings.hasQueuedBytes, .unsigned(settings.queuedBytes)),
            ("running", settings.hasRunning, .unsigned(settings.running)),
            ("runningMemory", settings.hasRunningMemory, .unsigned(settings.runningMemory)),
            ("runningPerKey", settings.hasRunningPerKey, .unsigned(settings.runningPerKey)),
            ("building", settings.hasBuilding, .unsigned(settings.building)),
            ("fuelPerHour", settings.hasFuelPerHour, .unsigned(settings.fuelPerHour)),
            ("traceBytesPerHour", settings.hasTraceBytesPerHour, .unsigned(settings.traceBytesPerHour)),
            ("closureBytesPerHour", settings.hasClosureBytesPerHour, .unsigned(settings.closureBytesPerHour)),
            ("connections", settings.hasConnections, .unsigned(settings.connections)),
            ("watched", settings.hasWatched, .unsigned(settings.watched)),
            ("answerBytes", settings.hasAnswerBytes, .unsigned(settings.answerBytes)),
            ("maximumFuel", settings.hasMaximumFuel, .unsigned(settings.maximumFuel)),
            ("maximumMemory", settings.hasMaximumMemoryBytes, .unsigned(settings.maximumMemoryBytes)),
            ("maximumTimeoutMs", settings.hasMaximumTimeoutMs, .unsigned(settings.maximumTimeoutMs)),
        ]
    }

    /// A line for each setting of one tenant; `*` marks those that an operator has changed.
    static func text(_ tenant: WireTenantInfo) -> String {
        let changed = values(tenant.changes).filter(\.isSet).map(\.name)
        let rows = values(tenant.settings).map { name, _, value in
            [changed.contains(name) ? "*" : "", name, value.text]
        }
        let last = [
            ["", "open connections", "\(tenant.connections)"],
            ["", "keys", tenant.keys.isEmpty ? "-" : tenant.keys.joined(separator: " ")],
        ]
        return Table.text([["", "tenant", tenant.name]] + rows + last)
    }

    static func table(_ tenants: [WireTenantInfo]) -> String {
        let heading = ["tenant", "weight", "queued", "running", "per key", "connections", "keys", ""]
        let rows = tenants.map { tenant in
            [
                TerminalText.line(tenant.name), JSONValue.real(tenant.settings.weight).text,
                "\(tenant.settings.queued)", "\(tenant.settings.running)", "\(tenant.settings.runningPerKey)",
                "\(tenant.connections) of \(tenant.settings.connections)", tenant.keys.joined(separator: " "),
                tenant.settings.paused ? "paused" : "",
            ]
        }
        return Table.text([heading] + rows)
    }

    static func json(_ tenant: WireTenantInfo) -> JSONValue {
        .object([
            ("tenant", .string(tenant.name)),
            ("settings", .object(values(tenant.settings).map { ($0.name, $0.value) })),
            ("changes", .object(values(tenant.changes).filter(\.isSet).map { ($0.name, $0.value) })),
            ("openConnections", .unsigned(tenant.connections)),
            ("keys", .array(tenant.keys.map { .string($0) })),
        ])
    }
}
