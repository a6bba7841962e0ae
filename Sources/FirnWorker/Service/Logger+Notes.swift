import FirnProtocol
import Logging

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
