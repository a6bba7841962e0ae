import Foundation
import JobStore

/// A store directory of one test, which is removed with the object.
final class StoreDirectory {
    let path = NSTemporaryDirectory() + "firn-store-" + UUID().uuidString

    func open() throws -> JobStore {
        try JobStore(directory: path)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

extension NewJob {
    static func sample(
        _ text: String = "1 + 1", tenant: String = "blue", key: String? = nil, submitted: Milliseconds = 1000
    ) -> NewJob {
        NewJob(tenant: tenant, idempotencyKey: key.map { Data($0.utf8) }, submitted: submitted, body: Data(text.utf8))
    }
}

extension NewOutcome {
    static func sample(_ text: String = "2", at time: Milliseconds = 2000, code: Int32 = 1) -> NewOutcome {
        NewOutcome(code: code, finished: time, fuel: 7, body: Data(text.utf8))
    }
}
