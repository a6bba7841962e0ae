import FirnProtocol
import Foundation
import JobStore

/// Store objects on their way from workers to the disk and to the binary cache.
extension CoordinatorService {
    func upload(_ operation: UploadOperation, _ job: JobID, _ attempt: UInt32) {
        store.upload(operation, job: job, attempt: Int64(attempt)) { [self] result in
            executor.post { self.assumeIsolated { $0.apply(.uploaded(job, attempt: attempt, result)) } }
        }
    }

    func publish(_ job: JobID, _ attempt: UInt32) {
        publishQueue.async { [self] in
            let failure = publisher?.publish(job, attempt: attempt)
            executor.post {
                self.assumeIsolated { $0.apply(.published(job, attempt: attempt, failure: failure)) }
            }
        }
    }
}
