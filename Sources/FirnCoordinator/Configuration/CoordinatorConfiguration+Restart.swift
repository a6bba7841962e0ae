import FirnProtocol
import JobStore

extension CoordinatorConfiguration {
    /// Whether a new configuration differs in what is only read at the start: everything except the tenants and the
    /// retention.
    func needsRestart(for new: CoordinatorConfiguration) -> Bool {
        var new = new
        // It was set to the bound endpoint when this one was read.
        if new.settings.traceEndpoint.isEmpty { new.settings.traceEndpoint = settings.traceEndpoint }
        return fixedPart != new.fixedPart
    }

    /// The values that hold until a restart, as text.
    private var fixedPart: String {
        var copy = self
        copy.settings.defaultPolicy = TenantPolicy()
        copy.settings.tenants = [:]
        copy.settings.retention = RetentionPolicy()
        return String(reflecting: copy)
    }
}
