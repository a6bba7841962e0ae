import FirnProtocol
import Metrics

/// Reports to swift-metrics what was counted since the last report.
struct MetricsReporter {
    private var last = CoordinatorMetrics()
    private var lastConnectionRefusals: [String: Int] = [:]
    private var counters: [String: Counter] = [:]

    mutating func report(_ metrics: CoordinatorMetrics, connectionRefusals: [String: Int]) {
        for (name, path) in Self.paths {
            add("firn_coordinator_\(name)", metrics[keyPath: path] - last[keyPath: path])
        }
        for (kind, count) in metrics.outcomes {
            let outcome = WireOutcomeKind(rawValue: kind).flatMap(Outcome.init(wire:))?.rawValue ?? "\(kind)"
            add("firn_coordinator_jobs_finished", count - (last.outcomes[kind] ?? 0), ("outcome", outcome))
        }
        for (kind, count) in metrics.refusals {
            add("firn_coordinator_refusals", count - (last.refusals[kind] ?? 0), ("kind", kind))
        }
        for (kind, count) in connectionRefusals {
            add("firn_coordinator_refusals", count - (lastConnectionRefusals[kind] ?? 0), ("kind", kind))
        }
        last = metrics
        lastConnectionRefusals = connectionRefusals
    }

    private mutating func add(_ name: String, _ difference: Int, _ dimension: (String, String)? = nil) {
        guard difference > 0 else { return }
        let key = name + (dimension?.1 ?? "")
        let counter = counters[key] ?? Counter(label: name, dimensions: dimension.map { [$0] } ?? [])
        counters[key] = counter
        counter.increment(by: Int64(difference))
    }

    private static var paths: [(String, KeyPath<CoordinatorMetrics, Int>)] {
        [
            ("messages_received", \.messagesReceived), ("messages_refused", \.messagesRefused),
            ("jobs_accepted", \.jobsAccepted), ("jobs_duplicated", \.jobsDuplicated), ("jobs_refused", \.jobsRefused),
            ("jobs_from_cache", \.jobsFromCache),
            ("clients_dropped", \.clientsDropped), ("leases_dispatched", \.dispatched), ("leases_lost", \.leasesLost),
            ("leases_returned", \.leasesReturned),
            ("stale_refused", \.staleRefused), ("trace_segments_kept", \.segmentsStored),
            ("trace_segments_dropped", \.segmentsDropped), ("commits", \.commits),
            ("object_bytes", \.objectBytes), ("commit_failures", \.commitFailures), ("store_refusals", \.storeRefusals),
        ]
    }
}
