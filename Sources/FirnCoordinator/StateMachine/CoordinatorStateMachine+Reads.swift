import FirnProtocol
import JobStore

/// Questions that the store answers. Each is asked when there is room for its answer on the connection, and the bytes that
/// it may bring are reserved until it comes. Connections take turns.
extension CoordinatorStateMachine {
    /// Lets a question wait for its turn, which may be now.
    mutating func read(_ question: CoordinatorRead.Question, for peer: Peer, _ correlation: UInt64) {
        guard let session = clients[peer] else { return }
        guard session.questions < Self.waitingQuestions else {
            return refuse(
                peer, correlation, .quotaExceeded,
                "\(session.questions) questions of this connection wait already: read their answers first")
        }
        clients[peer]?.questions += 1
        enqueue(.question(correlation: correlation, question), for: peer)
    }

    /// Lets a watch wait until the finished jobs that it has not told can be read.
    mutating func readWatched(_ watch: WatchID) {
        guard let state = clients[watch.peer]?.watches[watch.correlation], !state.unread.isEmpty, state.reading == 0,
            !state.isWaitingToRead
        else { return }
        clients[watch.peer]?.watches[watch.correlation]?.isWaitingToRead = true
        enqueue(.watch(correlation: watch.correlation), for: watch.peer)
    }

    private mutating func enqueue(_ read: WaitingRead, for peer: Peer) {
        clients[peer]?.reads.append(read)
        enlist(peer)
    }

    /// Gives the connection its place in the round, unless it has one.
    private mutating func enlist(_ peer: Peer) {
        guard waitingReaders.insert(peer).inserted else { return }
        readers.append(peer)
        readersMayGoOn = true
    }

    /// Asks what there is room for. To be called at the end of a turn.
    mutating func askStore() {
        guard readersMayGoOn else { return }
        readersMayGoOn = false
        for _ in 0..<readers.count {
            guard let peer = readers.removeFirst() else { return }
            if askStore(for: peer) {
                readers.append(peer)
            } else {
                waitingReaders.remove(peer)
            }
        }
    }

    /// - Returns: whether the connection goes on waiting for room. One whose reads are under way comes back with their answers.
    private mutating func askStore(for peer: Peer) -> Bool {
        while let session = clients[peer], let next = session.reads.first {
            guard session.readsUnderWay < Self.readsUnderWay else { return false }
            let bytes = reserve(of: next)
            guard hasRoom(for: bytes, to: peer) else { return true }
            _ = clients[peer]?.reads.removeFirst()
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

    /// The question to ask; nil when nobody wants the answer any more.
    private mutating func begin(
        _ read: WaitingRead, for peer: Peer
    ) -> (correlation: UInt64, CoordinatorRead.Question)? {
        switch read {
        case .question(let correlation, let question):
            clients[peer]?.questions -= 1
            return (correlation, question)
        case .watch(let correlation):
            clients[peer]?.watches[correlation]?.isWaitingToRead = false
            guard let jobs = clients[peer]?.watches[correlation]?.unread.removeFirst(Self.jobsPerRead), !jobs.isEmpty
            else { return nil }
            clients[peer]?.watches[correlation]?.reading = jobs.count
            return (correlation, .watchedJobs(jobs))
        }
    }

    /// The store's answer.
    mutating func answered(_ read: CoordinatorRead, _ answer: CoordinatorRead.Answer) {
        answers.remove(read.reserved, of: read.peer)
        makeRoom()
        guard let session = clients[read.peer], session.number == read.session else { return }
        clients[read.peer]?.readsUnderWay -= 1
        if !session.reads.isEmpty { enlist(read.peer) }
        switch answer {
        case .reply(let reply):
            send(reply, to: read.peer, read.correlation)
            // Of a watch the store answers so when it fails; the client watches again.
            if case .watchedJobs = read.question {
                endWatch(WatchID(peer: read.peer, correlation: read.correlation))
            }
        case .watched(let watched):
            watchedJobsRead(WatchID(peer: read.peer, correlation: read.correlation), watched)
        }
    }

    /// What the answer takes, if it is not an exceptional one: that goes out all the same, since it has been read.
    private func reserve(of read: WaitingRead) -> Int {
        switch read {
        case .question(_, .result): CoordinatorRead.partBytes
        case .question(_, .trace): CoordinatorRead.partBytes + settings.segmentBytes
        case .question, .watch: Self.updateBytes + settings.inlineResultBytes
        }
    }

    /// Questions of one connection that wait for room.
    static let waitingQuestions = 1_000
    /// Reads of one connection that are under way together: what the store is asked ahead, so that it need not wait.
    private static let readsUnderWay = 4
    /// Finished jobs that are read together, if they are small.
    static let jobsPerRead = 50
}
