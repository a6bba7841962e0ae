import FirnProtocol
import Foundation
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
        reporter.report(machine.metrics)
    }

    func reloadKeys() {
        readQueue.async { [authorizer] in authorizer.reload() }
    }
}
