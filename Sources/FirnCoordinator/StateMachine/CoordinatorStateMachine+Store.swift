import FirnProtocol
import JobStore
import Platform

/// What continues when the store reports that an operation is on disk.
extension CoordinatorStateMachine {
    mutating func applyStored(_ replies: [JobStoreReply]) {
        metrics.commits += 1
        storeFault = nil
        for reply in replies {
            guard let intent = intents.popFirst() else { break }
            apply(reply, to: intent)
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
        case .lookUp(let submit, let preceding): lookedUp(reply, preceding, for: submit)
        case .preceding(let id, let number): precedingFound(reply, number, for: id)
        case .none:
            if reply == .refused { metrics.storeRefusals += 1 }
        }
    }

    /// An attempt's result is on disk: the worker and the clients are told.
    private mutating func finished(_ reply: JobStoreReply, _ id: JobID, _ peer: Peer, attempt: UInt32) {
        guard reply == .applied || reply == .repeated else {
            metrics.staleRefused += 1
            reportStale(id, attempt, to: peer, "the job has another outcome, or another attempt holds it")
            if isConcluding(id, attempt: attempt) { forget(id) }
            return
        }
        workers[peer]?.committed.append(
            .with {
                $0.job = UInt64(clamping: id.rawValue)
                $0.attempt = attempt
            })
        changedWorkers.insert(peer)
        guard reply == .applied else { return }
        workers[peer]?.finished += 1
        complete(id)
    }

    private mutating func concluded(_ reply: JobStoreReply, _ id: JobID, cancel: (number: UInt64, index: Int)?) {
        if let cancel {
            setEffect(cancel.number, cancel.index, reply == .applied ? .cancelled : .alreadyFinished)
        }
        if reply == .applied {
            complete(id)
        } else {
            forget(id)
        }
    }

    /// The store holds another outcome than the one to be committed. Waiting clients are told that one.
    private mutating func forget(_ id: JobID) {
        metrics.storeRefusals += 1
        guard let job = remove(id) else { return }
        lookUpForFollowers(of: job)
        for watch in job.watches { readAgain(job, for: watch) }
        for number in job.waits {
            guard let wait = requests.waits.removeValue(forKey: number), let session = clients[wait.peer] else {
                continue
            }
            clients[wait.peer]?.waits.remove(number)
            read(.status(self.number(of: job, for: session)), for: wait.peer, wait.correlation)
        }
    }

    /// A batch failed and is being retried. Clients that wait for it are told, so that they need not guess.
    mutating func storeFailed(_ reason: String) {
        metrics.commitFailures += 1
        storeFault = reason
        let error = WireError.with {
            $0.code = .storeUnavailable
            $0.message = "the job store fails: \(reason)"
            $0.retryAfterMs = 1_000
        }
        for pending in requests.submits.values {
            if pending.watch { endWatch(WatchID(peer: pending.peer, correlation: pending.correlation)) }
            reply(pending.peer, pending.correlation, .error(error))
        }
        requests.submits = [:]
        forgetLookUps()
        for pending in requests.cancels.values { reply(pending.peer, pending.correlation, .error(error)) }
        requests.cancels = [:]
    }

    /// The outcome of a job is committed: its watchers are told and the job is removed.
    private mutating func complete(_ id: JobID) {
        guard let job = remove(id), case .concluding(let result) = job.state else { return }
        metrics.count(result.outcome)
        ended(job, result.outcome)
        tenants[job.tenant].finished += 1
        tenants[job.tenant].rate.count(at: now.steady)
        if result.hasTrace { traces[id]?.announced = Int(result.trace.segments) }
        traces[id]?.ends = now.steady + settings.traceGrace.milliseconds
        guard !job.watches.isEmpty || !job.waits.isEmpty else { return }
        var status = status(of: job, isForOperator: false)
        status.state = .finished
        status.finishedUnixMs = now.wall
        status.outcome = result.outcome
        status.result = clientResult(result, traceOf: job)
        for watch in job.watches { finishWatched(watch, status, of: job) }
        for wait in job.waits { answerWait(wait, status, of: job) }
    }

    /// The result as it is sent with the news that the job finished.
    private func clientResult(_ result: WireJobResult, traceOf job: Job) -> WireJobResult {
        var short = result
        if short.hasTrace {
            short.trace.complete = traces[job.id]?.isComplete(dropped: short.trace.eventsDropped) ?? false
        }
        return short
    }
}
