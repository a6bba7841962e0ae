import FirnProtocol
import Foundation
import Logging
import Platform
import ZeroMQ

/// Timers of the service.
extension CoordinatorService {
    func schedule(after delay: Duration, _ action: @escaping @Sendable (isolated CoordinatorService) -> Void) {
        executor.schedule(at: MonotonicClock.deadline(after: delay)) { [weak self] in
            self?.assumeIsolated { action($0) }
        }
    }

    func every(_ interval: Duration, _ action: @escaping @Sendable (isolated CoordinatorService) -> Void) {
        schedule(after: interval) { service in
            action(service)
            service.every(interval, action)
        }
    }

    /// Sets the single timer to the earliest time at which the state machine has something to do.
    func scheduleTick() {
        let retries = !workerQueues.isEmpty || mustRetryClients
        let next = retries ? min(machine.nextTick, CoordinatorTime.current().steady + 10) : machine.nextTick
        if let tickTimer {
            guard next < tickTimer.time else { return }
            executor.cancel(tickTimer.timer)
        }
        let timer = executor.schedule(at: UInt64(clamping: next) &* 1_000_000) { [weak self] in
            self?.assumeIsolated {
                $0.tickTimer = nil
                $0.isTickDue = true
                $0.hasEvents = true
            }
        }
        tickTimer = (timer, next)
    }

    func report() {
        machine.connectionRefusals = authorizer.refusalCounts.mapValues(\.count)
        reporter.report(machine.metrics, connectionRefusals: machine.connectionRefusals)
    }

    /// Logs what was refused since the last time. One line for each kind keeps the log short, whatever peers do.
    func logRefusals() {
        let connections = authorizer.refusalCounts
        var counts = connections.mapValues(\.count).merging(machine.metrics.refusals, uniquingKeysWith: +)
        counts["stale-attempt", default: 0] += machine.metrics.staleRefused
        for (kind, count) in counts.sorted(by: { $0.key < $1.key }) {
            let new = count - (loggedRefusals[kind] ?? 0)
            guard new > 0 else { continue }
            var metadata: Logger.Metadata = ["kind": "\(kind)", "count": "\(new)"]
            if let last = connections[kind], !last.lastAddress.isEmpty {
                metadata["lastAddress"] = "\(last.lastAddress)"
                metadata["lastReason"] = "\(last.lastReason)"
            }
            logger.warning("refused", metadata: metadata)
        }
        loggedRefusals = counts
    }

    /// Reads the keys again, and ends the connections of those that were revoked.
    func reloadKeys() {
        readQueue.async { [self] in
            let revoked = authorizer.reload()
            guard !revoked.isEmpty else { return }
            executor.post { self.assumeIsolated { $0.apply(.revoked(revoked)) } }
        }
    }
}
