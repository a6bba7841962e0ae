import FirnProtocol

extension ClientReply {
    /// The approximate bytes that the reply occupies while it waits to be sent. It is an upper bound for the encoded
    /// message: each part is counted with some bytes more than its texts have, for the tags and lengths of its fields.
    var bytes: Int {
        switch self {
        case .jobStatus(let status): status.bytes
        case .jobUpdates(let updates):
            Self.overhead + 10 * updates.unknown.count + updates.updates.reduce(0) { $0 + $1.bytes }
        case .resultPart(let part): Self.overhead + part.bytes.count
        case .tracePart(let part):
            part.segments.reduce(Self.overhead + 32 * part.summary.eventCounts.count) { $0 + $1.events.count + 64 }
        case .closurePart(let part): part.objects.reduce(Self.overhead) { $0 + $1.bytes }
        case .objectParts(let parts):
            parts.pieces.reduce(Self.overhead) { $0 + $1.bytes.count + $1.name.count + 48 }
        case .jobList(let list): list.jobs.reduce(Self.overhead) { $0 + $1.bytes }
        case .submitReply(let reply):
            reply.receipts.reduce(Self.overhead) { $0 + $1.refused.message.utf8.count + 32 }
        case .explanation(let explanation):
            explanation.reasons.reduce(Self.overhead + explanation.status.bytes) { $0 + $1.text.utf8.count + 24 }
        case .retryReply(let reply):
            reply.retried.reduce(Self.overhead) { $0 + $1.receipt.refused.message.utf8.count + 48 }
        case .tenantList(let list):
            list.tenants.reduce(Self.overhead) { sum, tenant in
                tenant.keys.reduce(sum + tenant.name.utf8.count + 384) { $0 + $1.utf8.count + 4 }
            }
        case .keyList(let list): list.owners.reduce(Self.overhead) { $0 + $1.utf8.count + 4 }
        case .cancelReply(let reply): Self.overhead + 16 * reply.cancellations.count
        case .queueReport(let report):
            report.tenants.reduce(Self.overhead + 64 * report.refusals.count) { $0 + $1.tenant.utf8.count + 160 }
        case .workerList(let list): list.workers.reduce(Self.overhead) { $0 + $1.bytes }
        case .error(let error): Self.overhead + error.message.utf8.count
        case .welcome, .drainReply, .ping, .pong: Self.overhead
        }
    }

    /// Bytes of a message beside its content: its frames and its entries in queues.
    static let overhead = 256
}

extension WireStoreObject {
    var bytes: Int {
        let texts = name.count + hash.count + source.root.utf8.count + source.path.utf8.count
        return references.reduce(texts + 64) { $0 + $1.count + 4 }
    }
}

extension WireJobStatus {
    var bytes: Int {
        let texts = label.utf8.count + tenant.utf8.count + worker.utf8.count
        return lostWorkers.reduce(texts + 256) { $0 + $1.utf8.count + 8 }
            + (hasResult ? result.value.count + result.textBytes + 128 : 0)
    }
}

extension WireWorkerStatus {
    fileprivate var bytes: Int {
        let roots = roots.reduce(0) { $0 + $1.name.utf8.count + $1.contentID.count + 16 }
        return 1_024 + roots + 24 * leases.count + 256 * evaluatorVersions.count
    }
}
