import FirnProtocol
import JobStore

/// Reads that only the store can answer. A read is issued when its connection has room for the reply, and the reply's
/// maximum size is reserved until it arrives. Connections take turns.
extension CoordinatorStateMachine {
    /// Queues a read for the connection; it may be issued at the end of this turn.
    mutating func read(_ question: CoordinatorRead.Question, for peer: Peer, _ correlation: UInt64) {
        guard let session = clients[peer] else { return }
        guard session.questions < Self.waitingQuestions else {
            return refuseForNow(
                peer, correlation, .quotaExceeded,
                "\(session.questions) questions of this connection wait already: read their answers first",
                retryAfter: 1_000)
        }
        clients[peer]?.questions += 1
        enqueue(.question(correlation: correlation, question), for: peer)
    }

    /// Queues a read of the watch's finished jobs that were not reported yet, unless one is queued or in progress.
    mutating func readWatched(_ watch: WatchID) {
        guard let state = clients[watch.peer]?.watches[watch.correlation], !state.unread.isEmpty, state.reading == 0,
            !state.isWaitingToRead
        else { return }
        clients[watch.peer]?.watches[watch.correlation]?.isWaitingToRead = true
        enqueue(.watch(correlation: watch.correlation), for: watch.peer)
    }

    private mutating func enqueue(_ read: WaitingRead, for peer: Peer) {
        clients[peer]?.reads.append(read)
        readRound.join(peer)
    }

    /// Issues the reads for which there is room. Called at the end of a turn.
    mutating func issueReads() {
        for _ in 0..<readRound.beginPass() {
            guard let peer = readRound.next() else { return }
            if issueReads(for: peer) { readRound.stay(peer) }
        }
    }

    /// - Returns: whether the connection stays in the round because it lacks room. A connection at its limit of
    ///   concurrent reads rejoins when one of them is answered.
    private mutating func issueReads(for peer: Peer) -> Bool {
        while let session = clients[peer], let next = session.reads.first {
            guard session.readsUnderWay < Self.readsUnderWay else { return false }
            let bytes = reserve(of: next)
            guard hasRoom(for: bytes, to: peer) else { return true }
            clients[peer]?.reads.removeFirst()
            guard let (correlation, question) = begin(next, for: peer) else { continue }
            reserve(bytes, for: peer)
            clients[peer]?.readsUnderWay += 1
            actions.append(
                .read(
                    CoordinatorRead(
                        peer: peer, session: session.number, correlation: correlation, tenant: session.tenant,
                        question: question, reserved: bytes)))
        }
        return false
    }

    /// The question to ask; nil if the client no longer needs the answer.
    private mutating func begin(
        _ read: WaitingRead, for peer: Peer
    ) -> (correlation: UInt64, CoordinatorRead.Question)? {
        switch read {
        case .question(let correlation, let question):
            clients[peer]?.questions -= 1
            return (correlation, question)
        case .watch(let correlation):
            clients[peer]?.watches[correlation]?.isWaitingToRead = false
            guard let jobs = clients[peer]?.watches[correlation]?.takeUnread(Self.jobsPerRead), !jobs.isEmpty
            else { return nil }
            clients[peer]?.watches[correlation]?.reading = jobs.count
            return (correlation, .watchedJobs(jobs))
        }
    }

    /// Handles the store's answer to a read.
    mutating func answered(_ read: CoordinatorRead, _ answer: CoordinatorRead.Answer) {
        answers.remove(read.reserved, of: read.peer)
        retryBlocked()
        guard let session = clients[read.peer], session.number == read.session else { return }
        clients[read.peer]?.readsUnderWay -= 1
        if !session.reads.isEmpty { readRound.join(read.peer) }
        switch answer {
        case .reply(let reply):
            send(withBuilds(reply, for: session), to: read.peer, read.correlation)
            // A watch gets a plain reply only when the store failed. The client has to watch again.
            if case .watchedJobs = read.question {
                endWatch(WatchID(peer: read.peer, correlation: read.correlation))
            }
        case .selected(let selection, let selected): self.selected(selected, selection, read)
        case .watched(let watched):
            watchedJobsRead(WatchID(peer: read.peer, correlation: read.correlation), watched)
        }
    }

    /// The bytes to reserve for the reply. An exceptional reply may be larger; it is sent all the same, because it has
    /// been read already.
    private func reserve(of read: WaitingRead) -> Int {
        switch read {
        case .question(_, .result), .question(_, .closure), .question(_, .objects): CoordinatorRead.partBytes
        case .question(_, .trace): CoordinatorRead.partBytes + settings.segmentBytes
        case .question, .watch: Self.updateBytes + settings.inlineResultBytes
        }
    }

    /// Reads of one connection that may wait for room.
    static let waitingQuestions = 1_000
    /// Reads of one connection that may be in progress together, so that the store always has the next one at hand.
    private static let readsUnderWay = 4
    /// Finished jobs that are read together, if they are small.
    static let jobsPerRead = 50
}
