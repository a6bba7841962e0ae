import FirnProtocol
import JobStore

/// Clients that want to hear of jobs: waiting `Get`s and watches.
extension CoordinatorMachine {
    mutating func get(_ get: WireGet, from peer: Peer, _ session: ClientSession, _ correlation: UInt64) {
        guard let job = visible(get.job, to: session) else {
            return read(.status(JobID(rawValue: Int64(clamping: get.job))), for: peer, session, correlation)
        }
        guard get.waitMs > 0 else {
            return reply(peer, correlation, .jobStatus(status(of: job, isForOperator: session.tenant == nil)))
        }
        guard session.waits.count < settings.watchedJobs else {
            return refuse(peer, correlation, .quotaExceeded, "\(session.waits.count) questions wait already")
        }
        let number = newNumber()
        let until = now.steady + Int64(get.waitMs)
        waits[number] = Wait(peer: peer, correlation: correlation, job: job.id, until: until)
        clients[peer]?.waits.insert(number)
        jobs[job.id]?.waits.append(number)
        waitEnds.insert(Due(time: until, key: number))
    }

    mutating func answerWait(_ number: UInt64, _ status: WireJobStatus, of job: Job) {
        guard let wait = waits.removeValue(forKey: number) else { return }
        clients[wait.peer]?.waits.remove(number)
        reply(wait.peer, wait.correlation, .jobStatus(shown(status, of: job, to: wait.peer)))
    }

    /// The time of a waiting `Get` is over: the state that the job has now.
    mutating func endWait(_ number: UInt64) {
        guard let wait = waits[number], let job = jobs[wait.job] else { return }
        jobs[wait.job]?.waits.removeAll { $0 == number }
        answerWait(number, status(of: job, isForOperator: false), of: job)
    }

    mutating func watch(_ watch: WireWatch, from peer: Peer, _ session: ClientSession, _ correlation: UInt64) {
        guard (1...ProtocolLimits.namedJobs).contains(watch.jobs.count) else {
            return refuse(
                peer, correlation, .malformedBody,
                "jobs: it names \(watch.jobs.count) jobs, not 1 to \(ProtocolLimits.namedJobs)")
        }
        guard correlation != 0, session.watches[correlation] == nil else {
            return refuse(peer, correlation, .malformedBody, "the correlation id \(correlation) is 0 or in use")
        }
        let open = session.watches.values.reduce(0) { $0 + $1.open.count }
        guard open + watch.jobs.count <= settings.watchedJobs else {
            return refuse(
                peer, correlation, .quotaExceeded, "a connection watches at most \(settings.watchedJobs) jobs")
        }
        let id = WatchID(peer: peer, correlation: correlation)
        openWatch(id, isHeldBack: false)
        addToWatch(id, watch.jobs.map { JobID(rawValue: Int64(clamping: $0)) })
        clients[peer]?.watches[correlation]?.due = now.steady
        changedWatches.insert(id)
    }

    mutating func openWatch(_ watch: WatchID, isHeldBack: Bool) {
        clients[watch.peer]?.watches[watch.correlation] = Watch(isHeldBack: isHeldBack)
    }

    /// The receipts are sent: updates may follow.
    mutating func releaseWatch(_ watch: WatchID) {
        clients[watch.peer]?.watches[watch.correlation]?.isHeldBack = false
        changedWatches.insert(watch)
    }

    mutating func addToWatch(_ watch: WatchID, _ ids: [JobID]) {
        guard let session = clients[watch.peer], session.watches[watch.correlation] != nil else { return }
        var unknown: [JobID] = []
        for id in ids {
            guard visible(UInt64(clamping: id.rawValue), to: session) != nil else {
                unknown.append(id)
                continue
            }
            let isNew = clients[watch.peer]?.watches[watch.correlation]?.open.insert(id).inserted ?? false
            if isNew {
                jobs[id]?.watches.append(watch)
                note(id, in: watch)
            }
        }
        for start in stride(from: 0, to: unknown.count, by: Self.jobsPerRead) {
            clients[watch.peer]?.watches[watch.correlation]?.reads += 1
            let part = unknown[start..<min(start + Self.jobsPerRead, unknown.count)]
            read(.watchedJobs(Array(part)), for: watch.peer, session, watch.correlation)
        }
    }

    /// Finished jobs that are read and sent on together: their values lie in memory meanwhile.
    private static let jobsPerRead = 50

    mutating func watchedJobsRead(_ watch: WatchID, _ statuses: [WireJobStatus], _ unknown: [UInt64]) {
        guard clients[watch.peer]?.watches[watch.correlation] != nil else { return }
        clients[watch.peer]?.watches[watch.correlation]?.reads -= 1
        clients[watch.peer]?.watches[watch.correlation]?.finished += statuses
        clients[watch.peer]?.watches[watch.correlation]?.unknown += unknown
        changedWatches.insert(watch)
    }

    mutating func endWatch(_ watch: WatchID) {
        guard let ended = clients[watch.peer]?.watches.removeValue(forKey: watch.correlation) else { return }
        changedWatches.remove(watch)
        for id in ended.open { jobs[id]?.watches.removeAll { $0 == watch } }
    }

    /// Tells the job's watchers, soon, that its state is another one.
    mutating func changed(_ job: Job) {
        for watch in job.watches { note(job.id, in: watch) }
    }

    private mutating func note(_ id: JobID, in watch: WatchID) {
        clients[watch.peer]?.watches[watch.correlation]?.note(id, due: now.steady + settings.updateDelayMs)
        changedWatches.insert(watch)
    }

    mutating func finishWatched(_ watch: WatchID, _ status: WireJobStatus, of job: Job) {
        guard clients[watch.peer]?.watches[watch.correlation]?.open.remove(job.id) != nil else { return }
        let status = shown(status, of: job, to: watch.peer)
        clients[watch.peer]?.watches[watch.correlation]?.finished.append(status)
        changedWatches.insert(watch)
    }

    /// Sends what is due: finished jobs at once, other changes when their time has come.
    mutating func flushWatches() {
        for id in changedWatches {
            guard let watch = clients[id.peer]?.watches[id.correlation] else {
                changedWatches.remove(id)
                continue
            }
            guard !watch.isHeldBack, watch.isDue(at: now.steady) else { continue }
            changedWatches.remove(id)
            let isForOperator = clients[id.peer]?.tenant == nil
            let states = watch.changed.compactMap { job in
                jobs[job].map { status(of: $0, isForOperator: isForOperator) }
            }
            sendUpdates(states + watch.finished, unknown: watch.unknown, isLast: watch.isComplete, id)
            if watch.isComplete {
                clients[id.peer]?.watches[id.correlation] = nil
            } else {
                clients[id.peer]?.watches[id.correlation]?.clear()
            }
        }
    }

    private mutating func sendUpdates(_ updates: [WireJobStatus], unknown: [UInt64], isLast: Bool, _ watch: WatchID) {
        var part = WireJobUpdates.with { $0.unknown = unknown }
        var bytes = 0
        for update in updates {
            let size = update.result.value.count + update.result.textBytes + 256
            if bytes + size > Self.messageBytes, !part.updates.isEmpty {
                reply(watch.peer, watch.correlation, .jobUpdates(part))
                part = WireJobUpdates()
                bytes = 0
            }
            part.updates.append(update)
            bytes += size
        }
        part.last = isLast
        reply(watch.peer, watch.correlation, .jobUpdates(part))
    }
}
