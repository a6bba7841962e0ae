import FirnProtocol
import JobStore

/// `Get`, immediate and waiting. Every `Get` is answered while its connection exists.
extension CoordinatorStateMachine {
    mutating func get(_ get: WireGet, from peer: Peer, _ session: ClientSession, _ correlation: UInt64) {
        guard let job = visible(get.job, to: session) else {
            return read(.status(get.job), for: peer, correlation)
        }
        guard get.waitMs > 0 else {
            return reply(peer, correlation, .jobStatus(status(of: job, isForOperator: session.tenant == nil)))
        }
        guard session.waits.count < settings.watchedJobs else {
            return refuseForNow(
                peer, correlation, .quotaExceeded, "\(session.waits.count) questions wait already", retryAfter: 1_000)
        }
        let number = newNumber()
        let until = now.steady + Int64(get.waitMs)
        requests.waits[number] = Wait(peer: peer, correlation: correlation, job: job.id, until: until)
        clients[peer]?.waits.insert(number)
        jobs[job.id]?.waits.append(number)
        timers.waitEnds.insert(Due(time: until, key: number))
    }

    /// Answers a waiting `Get` whose job has finished. If there is no room for the result, it is read from the store
    /// when there is.
    mutating func answerWait(_ number: UInt64, _ status: WireJobStatus, of job: Job) {
        guard let wait = requests.waits.removeValue(forKey: number), let session = clients[wait.peer] else { return }
        clients[wait.peer]?.waits.remove(number)
        let status = shown(status, of: job, to: wait.peer)
        if hasRoom(for: status.bytes, to: wait.peer) {
            send(.jobStatus(status), to: wait.peer, wait.correlation)
        } else {
            read(.status(self.number(of: job, for: session)), for: wait.peer, wait.correlation)
        }
    }

    /// Answers a waiting `Get` whose time is over with the job's present state.
    mutating func endWait(_ number: UInt64) {
        guard let wait = requests.waits.removeValue(forKey: number), let job = jobs[wait.job],
            let session = clients[wait.peer]
        else { return }
        clients[wait.peer]?.waits.remove(number)
        jobs[wait.job]?.waits.removeAll { $0 == number }
        reply(wait.peer, wait.correlation, .jobStatus(status(of: job, isForOperator: session.tenant == nil)))
    }

    /// Answers the waiting `Get`s of a silent connection that is about to be removed.
    mutating func endWaits(of peer: Peer) {
        for number in (clients[peer]?.waits ?? []).sorted() { endWait(number) }
    }
}
