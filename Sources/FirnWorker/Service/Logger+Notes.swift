import FirnProtocol
import Logging
import Sandbox

extension Logger {
    /// Logs a note of the state machine.
    func record(_ note: WorkerStateMachine.Note) {
        switch note {
        case .connected(let coordinator): info("connected", metadata: ["coordinator": "\(coordinator)"])
        case .disconnected(let reason): warning("not connected", metadata: ["reason": "\(reason)"])
        case .refused(let code, let message):
            error("refused by the coordinator", metadata: ["code": "\(code.name)", "message": "\(message)"])
        case .unreadable(let reason): warning("a message cannot be read", metadata: ["reason": "\(reason)"])
        case .stale(let key, let reason):
            notice("a lease was lost", metadata: ["lease": "\(key)", "reason": "\(reason)"])
        case .draining(let held): info("draining", metadata: ["held": "\(held)"])
        case .abandoned(let key): warning("a job was broken off", metadata: ["lease": "\(key)"])
        }
    }
}

extension Logger {
    /// Logs what has become of the parts of the sandbox.
    func record(_ reports: [PartReport]) {
        for report in reports {
            let metadata: Metadata = ["part": "\(report.part.rawValue)", "detail": "\(report.detail)"]
            switch report.state {
            case .on: info("a part of the sandbox is in effect", metadata: metadata)
            case .off: notice("a part of the sandbox is switched off", metadata: metadata)
            case .missing: warning("a part of the sandbox is missing", metadata: metadata)
            }
        }
    }
}

extension PartReport {
    /// The report in a message, whose texts are bounded.
    var wire: WireSandboxPart {
        .with {
            $0.name = part.rawValue
            $0.state = [.on: .on, .off: .off, .missing: .missing][state] ?? .unspecified
            $0.detail = detail
            while $0.detail.utf8.count > ProtocolLimits.sandboxDetailBytes { $0.detail.removeLast() }
        }
    }
}
