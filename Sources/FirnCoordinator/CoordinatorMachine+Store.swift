import FirnProtocol
import JobStore

/// What goes on when the store says that something is on disk.
extension CoordinatorMachine {
    mutating func applyStored(_ replies: [JobStoreReply]) {
        metrics.commits += 1
        for reply in replies {
            guard nextIntent < intents.count else { break }
            let intent = intents[nextIntent]
            nextIntent += 1
            apply(reply, to: intent)
        }
        if nextIntent == intents.count || nextIntent > 4_096 {
            intents.removeFirst(nextIntent)
            nextIntent = 0
        }
    }

    private mutating func apply(_ reply: JobStoreReply, to intent: StoreIntent) {
        switch intent {
        case .insert(let submit, let index, let tenant, let admission):
            inserted(reply, submit: submit, index: index, tenant: tenant, admission)
        case .lease(let id, let peer, let attempt):
            leased(reply, id, peer, attempt: attempt)
        case .finish(let id, let peer, let attempt):
            finished(reply, id, peer, attempt: attempt)
        case .conclude(let id, let cancel):
            concluded(reply, id, cancel: cancel)
        case .probe(let cancel, let index):
            probed(reply, cancel: cancel, index: index)
        case .none:
            if reply == .refused { metrics.storeRefusals += 1 }
        }
    }

    /// An attempt's result is on disk: everyone may hear of it.
    private mutating func finished(_ reply: JobStoreReply, _ id: JobID, _ peer: Peer, attempt: UInt32) {
        guard reply == .applied else {
            metrics.staleRefused += 1
            workers[peer]?.stale.append(staleLease(id, attempt, "the store holds another outcome or lease"))
            changedWorkers.insert(peer)
            return
        }
        workers[peer]?.committed.append(
            .with {
                $0.job = UInt64(clamping: id.rawValue)
                $0.attempt = attempt
            })
        workers[peer]?.finished += 1
        changedWorkers.insert(peer)
        complete(id)
    }

    private mutating func concluded(_ reply: JobStoreReply, _ id: JobID, cancel: (number: UInt64, index: Int)?) {
        if let cancel {
            setEffect(cancel.number, cancel.index, reply == .applied ? .cancelled : .alreadyFinished)
        }
        if reply == .applied { complete(id) }
    }

    /// The outcome of a job is committed: its watchers are told and the job is forgotten.
    private mutating func complete(_ id: JobID) {
        guard let job = remove(id), case .concluding(let result) = job.state else { return }
        metrics.count(result.outcome)
        tenants[job.tenant].finished += 1
        tenants[job.tenant].fuel &+= result.statistics.fuel
        tenants[job.tenant].rate.count(at: now.steady)
        if result.hasTrace { traces[id]?.announced = Int(result.trace.segments) }
        traces[id]?.ends = now.steady + settings.traceGraceMs
        guard !job.watches.isEmpty || !job.waits.isEmpty else { return }
        var status = status(of: job)
        status.state = .finished
        status.finishedUnixMs = now.wall
        status.outcome = result.outcome
        status.result = shortened(result, traceOf: job)
        for watch in job.watches { finishWatched(watch, id, status) }
        for wait in job.waits { answerWait(wait, status) }
    }

    /// What a client gets at once: at most the first part of a large value; the rest it reads.
    private func shortened(_ result: WireJobResult, traceOf job: Job) -> WireJobResult {
        var short = result
        if short.value.count > settings.inlineResultBytes {
            short.value = short.value.prefix(settings.inlineResultBytes)
        }
        if short.hasTrace { short.trace.complete = traces[job.id]?.isComplete(dropped: short.trace.eventsDropped) ?? false }
        return short
    }
}
