import FirnProtocol
import JobStore

/// Clients that follow jobs to their end.
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
            return refuse(peer, correlation, .quotaExceeded, fault)
        }
        let id = WatchID(peer: peer, correlation: correlation)
        openWatch(id, isHeldBack: false)
        addToWatch(id, watch.jobs)
        clients[peer]?.watches[correlation]?.due = now.steady
        changedWatches.insert(id)
    }

    /// Why the client may not watch so many jobs more; nil when it may.
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

    mutating func openWatch(_ watch: WatchID, isHeldBack: Bool) {
        clients[watch.peer]?.watches[watch.correlation] = Watch(isHeldBack: isHeldBack)
    }

    /// The receipts are sent: updates may follow.
    mutating func releaseWatch(_ watch: WatchID) {
        clients[watch.peer]?.watches[watch.correlation]?.isHeldBack = false
        changedWatches.insert(watch)
    }

    /// - Parameter numbers: of jobs, as the client knows them.
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
                note(job.id, in: watch)
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
        countWatched(watch.peer, read.left.count - asked)
        for status in read.statuses { keep(status, in: watch) }
        clients[watch.peer]?.watches[watch.correlation]?.unknown += read.unknown
        for number in read.left { clients[watch.peer]?.watches[watch.correlation]?.unread.append(number) }
        changedWatches.insert(watch)
        readWatched(watch)
    }

    mutating func endWatch(_ watch: WatchID) {
        guard let ended = clients[watch.peer]?.watches[watch.correlation] else { return }
        countWatched(watch.peer, -ended.count)
        answers.remove(ended.finishedBytes, of: watch.peer)
        clients[watch.peer]?.watches[watch.correlation] = nil
        changedWatches.remove(watch)
        blockedWatches.remove(watch)
        for id in ended.open { jobs[id]?.watches.removeAll { $0 == watch } }
        makeRoom()
    }

    /// Tells the job's watchers, soon, that its state is another one.
    mutating func changed(_ job: Job) {
        for watch in job.watches { note(job.id, in: watch) }
    }

    private mutating func note(_ id: JobID, in watch: WatchID) {
        clients[watch.peer]?.watches[watch.correlation]?.note(id, due: now.steady + settings.updateDelayMs)
        if !blockedWatches.contains(watch) { changedWatches.insert(watch) }
    }

    /// The outcome of a watched job is committed. If there is room it is told at once, else it is read when there is.
    mutating func finishWatched(_ watch: WatchID, _ status: WireJobStatus, of job: Job) {
        guard let session = clients[watch.peer],
            clients[watch.peer]?.watches[watch.correlation]?.open.remove(job.id) != nil
        else { return }
        let status = shown(status, of: job, to: watch.peer)
        if hasRoom(for: status.bytes, to: watch.peer) {
            countWatched(watch.peer, -1)
            keep(status, in: watch)
            changedWatches.insert(watch)
        } else {
            let number = number(of: job, for: session)
            clients[watch.peer]?.watches[watch.correlation]?.unread.append(number)
            readWatched(watch)
        }
    }

    /// The store holds another outcome of the job than the one that was to be committed: it is read.
    mutating func readAgain(_ job: Job, for watch: WatchID) {
        guard let session = clients[watch.peer],
            clients[watch.peer]?.watches[watch.correlation]?.open.remove(job.id) != nil
        else { return }
        let number = number(of: job, for: session)
        clients[watch.peer]?.watches[watch.correlation]?.unread.append(number)
        readWatched(watch)
    }

    private mutating func keep(_ status: WireJobStatus, in watch: WatchID) {
        reserve(status.bytes, for: watch.peer)
        clients[watch.peer]?.watches[watch.correlation]?.finished.append(status)
        clients[watch.peer]?.watches[watch.correlation]?.finishedBytes += status.bytes
    }

    /// Sends what is due: finished jobs at once, other changes when their time has come, and both if there is room.
    mutating func flushWatches() {
        for id in changedWatches {
            guard let watch = clients[id.peer]?.watches[id.correlation] else {
                changedWatches.remove(id)
                continue
            }
            guard !watch.isHeldBack, watch.isDue(at: now.steady) else { continue }
            changedWatches.remove(id)
            flush(id)
        }
    }

    private mutating func flush(_ id: WatchID) {
        guard let taken = clients[id.peer]?.watches[id.correlation]?.takeFinished() else { return }
        // They are counted again, with the messages that they are part of.
        answers.remove(taken.bytes, of: id.peer)
        let changes = sendableChanges(id, besides: taken.bytes)
        guard let watch = clients[id.peer]?.watches[id.correlation] else { return }
        if !watch.changed.isEmpty { blockedWatches.insert(id) }
        let isLast = watch.isComplete
        if isLast { clients[id.peer]?.watches[id.correlation] = nil }
        guard isLast || !changes.isEmpty || !taken.finished.isEmpty || !taken.unknown.isEmpty else { return }
        sendUpdates(changes + taken.finished, unknown: taken.unknown, isLast: isLast, id)
    }

    /// Takes the states of as many changed jobs as there is room for. Of those whose end was told or is being read, nothing
    /// more is to be said.
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

    /// Updates are cut into messages of about this size: small enough that what libzmq holds of a client that does not
    /// read is little, and large enough that each message costs little.
    static let updateBytes = 256 << 10
}
