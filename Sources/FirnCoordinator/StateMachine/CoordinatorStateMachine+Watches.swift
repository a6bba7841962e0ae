import FirnProtocol
import JobStore
import Platform

/// Watches: clients that follow jobs until they finish.
extension CoordinatorStateMachine {
    mutating func watch(_ watch: WireWatch, from peer: Peer, _ session: ClientSession, _ correlation: UInt64) {
        guard (1...ProtocolLimits.namedJobs).contains(watch.jobs.count) else {
            return refuse(
                peer, correlation, .malformedBody,
                "jobs: it names \(watch.jobs.count) jobs, not 1 to \(ProtocolLimits.namedJobs)")
        }
        guard session.watches[correlation] == nil else {
            return refuse(peer, correlation, .malformedBody, "the correlation id \(correlation) is in use by a watch")
        }
        if let fault = watchFault(session, adding: watch.jobs.count) {
            return refuseForNow(peer, correlation, .quotaExceeded, fault, retryAfter: 1_000)
        }
        let id = WatchID(peer: peer, correlation: correlation)
        openWatch(id, awaitsReceipts: false)
        addToWatch(id, watch.jobs)
        clients[peer]?.watches[correlation]?.due = now.steady
        watchUpdates.changed.insert(id)
    }

    /// Why the client may not watch that many further jobs; nil if it may.
    func watchFault(_ session: ClientSession, adding count: Int) -> String? {
        guard session.watched + count <= settings.watchedJobs else {
            return "a connection watches at most \(settings.watchedJobs) jobs"
        }
        guard let tenant = session.tenant else { return nil }
        let most = settings.policy(of: tenant).maximumWatched
        guard clientLoads[tenant, default: ClientLoad()].watched + count <= most else {
            return "the connections of tenant \(tenant) watch at most \(most) jobs together"
        }
        return nil
    }

    mutating func openWatch(_ watch: WatchID, awaitsReceipts: Bool) {
        clients[watch.peer]?.watches[watch.correlation] = Watch(awaitsReceipts: awaitsReceipts)
    }

    /// The receipts have been sent, so updates may follow.
    mutating func releaseWatch(_ watch: WatchID) {
        clients[watch.peer]?.watches[watch.correlation]?.awaitsReceipts = false
        watchUpdates.changed.insert(watch)
    }

    /// - Parameter numbers: job numbers as the client knows them.
    mutating func addToWatch(_ watch: WatchID, _ numbers: [UInt64]) {
        guard let session = clients[watch.peer], session.watches[watch.correlation] != nil else { return }
        for number in numbers {
            guard let job = visible(number, to: session) else {
                clients[watch.peer]?.watches[watch.correlation]?.unread.append(number)
                countWatched(watch.peer, 1)
                continue
            }
            let isNew = clients[watch.peer]?.watches[watch.correlation]?.open.insert(job.id).inserted ?? false
            if isNew {
                jobs[job.id]?.watches.append(watch)
                countWatched(watch.peer, 1)
                recordChange(job.id, in: watch)
            }
        }
        readWatched(watch)
    }

    private mutating func countWatched(_ peer: Peer, _ difference: Int) {
        guard let session = clients[peer] else { return }
        clients[peer]?.watched += difference
        clientLoads[session.tenant ?? Self.operators]?.watched += difference
    }

    mutating func watchedJobsRead(_ watch: WatchID, _ read: CoordinatorRead.Watched) {
        guard let asked = clients[watch.peer]?.watches[watch.correlation]?.reading else { return }
        clients[watch.peer]?.watches[watch.correlation]?.reading = 0
        countWatched(watch.peer, read.remaining.count - asked)
        for status in read.statuses { queueFinished(status, in: watch) }
        clients[watch.peer]?.watches[watch.correlation]?.unknown += read.unknown
        for number in read.remaining { clients[watch.peer]?.watches[watch.correlation]?.unread.append(number) }
        watchUpdates.changed.insert(watch)
        readWatched(watch)
    }

    mutating func endWatch(_ watch: WatchID) {
        guard let ended = clients[watch.peer]?.watches[watch.correlation] else { return }
        countWatched(watch.peer, -ended.count)
        answers.remove(ended.finishedBytes, of: watch.peer)
        clients[watch.peer]?.watches[watch.correlation] = nil
        watchUpdates.changed.remove(watch)
        watchUpdates.blocked.remove(watch)
        for id in ended.open { jobs[id]?.watches.removeAll { $0 == watch } }
        retryBlocked()
    }

    /// Schedules an update for the job's watchers, because its state changed.
    mutating func notifyWatchers(of job: Job) {
        for watch in job.watches { recordChange(job.id, in: watch) }
    }

    private mutating func recordChange(_ id: JobID, in watch: WatchID) {
        clients[watch.peer]?.watches[watch.correlation]?.recordChange(
            id, due: now.steady + settings.updateDelay.milliseconds)
        if !watchUpdates.blocked.contains(watch) { watchUpdates.changed.insert(watch) }
    }

    /// The outcome of a watched job is committed. If there is room, it is reported at once; otherwise it is read from
    /// the store later.
    mutating func finishWatched(_ watch: WatchID, _ status: WireJobStatus, of job: Job) {
        guard let session = clients[watch.peer],
            clients[watch.peer]?.watches[watch.correlation]?.open.remove(job.id) != nil
        else { return }
        let status = shown(status, of: job, to: watch.peer)
        if hasRoom(for: status.bytes, to: watch.peer) {
            countWatched(watch.peer, -1)
            queueFinished(status, in: watch)
            watchUpdates.changed.insert(watch)
        } else {
            let number = number(of: job, for: session)
            clients[watch.peer]?.watches[watch.correlation]?.unread.append(number)
            readWatched(watch)
        }
    }

    /// The store holds another outcome of the job than the one that was to be committed. The stored one is read.
    mutating func readAgain(_ job: Job, for watch: WatchID) {
        guard let session = clients[watch.peer],
            clients[watch.peer]?.watches[watch.correlation]?.open.remove(job.id) != nil
        else { return }
        let number = number(of: job, for: session)
        clients[watch.peer]?.watches[watch.correlation]?.unread.append(number)
        readWatched(watch)
    }

    private mutating func queueFinished(_ status: WireJobStatus, in watch: WatchID) {
        reserve(status.bytes, for: watch.peer)
        clients[watch.peer]?.watches[watch.correlation]?.finished.append(status)
        clients[watch.peer]?.watches[watch.correlation]?.finishedBytes += status.bytes
    }

    /// Sends the updates that are due: finished jobs at once, other changes after `updateDelay`, and both only if
    /// there is room.
    mutating func flushWatches() {
        for id in watchUpdates.changed {
            guard let watch = clients[id.peer]?.watches[id.correlation] else {
                watchUpdates.changed.remove(id)
                continue
            }
            guard !watch.awaitsReceipts, watch.isDue(at: now.steady) else { continue }
            watchUpdates.changed.remove(id)
            flush(id)
        }
    }

    private mutating func flush(_ id: WatchID) {
        guard let taken = clients[id.peer]?.watches[id.correlation]?.takeFinished() else { return }
        // The bytes are counted again as part of the messages that carry these statuses.
        answers.remove(taken.bytes, of: id.peer)
        let changes = sendableChanges(id, besides: taken.bytes)
        guard let watch = clients[id.peer]?.watches[id.correlation] else { return }
        if !watch.changed.isEmpty { watchUpdates.blocked.insert(id) }
        let isLast = watch.isComplete
        if isLast { clients[id.peer]?.watches[id.correlation] = nil }
        guard isLast || !changes.isEmpty || !taken.finished.isEmpty || !taken.unknown.isEmpty else { return }
        sendUpdates(changes + taken.finished, unknown: taken.unknown, isLast: isLast, id)
    }

    /// Takes the states of as many changed jobs as there is room for. Jobs whose end was reported or is being read need
    /// no further update.
    private mutating func sendableChanges(_ id: WatchID, besides finishedBytes: Int) -> [WireJobStatus] {
        guard let watch = clients[id.peer]?.watches[id.correlation], let session = clients[id.peer] else { return [] }
        var states: [WireJobStatus] = []
        var bytes = ClientReply.overhead + finishedBytes
        var taken = 0
        for job in watch.changed {
            if watch.open.contains(job), let job = jobs[job] {
                let state = status(of: job, isForOperator: session.tenant == nil)
                guard hasRoom(for: bytes + state.bytes, to: id.peer) else { break }
                bytes += state.bytes
                states.append(state)
            }
            taken += 1
        }
        clients[id.peer]?.watches[id.correlation]?.dropChanges(taken)
        return states
    }

    private mutating func sendUpdates(_ updates: [WireJobStatus], unknown: [UInt64], isLast: Bool, _ watch: WatchID) {
        var part = WireJobUpdates.with { $0.unknown = unknown }
        var bytes = 0
        for update in updates {
            let size = update.bytes
            if bytes + size > Self.updateBytes, !part.updates.isEmpty {
                send(.jobUpdates(part), to: watch.peer, watch.correlation)
                part = WireJobUpdates()
                bytes = 0
            }
            part.updates.append(update)
            bytes += size
        }
        part.last = isLast
        send(.jobUpdates(part), to: watch.peer, watch.correlation)
    }

    /// Bytes of one message of updates, roughly. This is small enough that libzmq holds little for a client that does
    /// not read, and large enough that the cost of a message is negligible.
    static let updateBytes = 256 << 10
}
