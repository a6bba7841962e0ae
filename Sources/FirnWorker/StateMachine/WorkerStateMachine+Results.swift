import FirnProtocol
import Platform

extension WorkerStateMachine {
    /// Handles the result of a job.
    ///
    /// - Parameter result: the result with its whole value.
    public mutating func completed(_ key: LeaseKey, _ result: WireJobResult, now: UInt64) {
        guard let entry = leaveEvaluator(key, now: now), entry.intent != .forget else { return }
        store(key, result)
    }

    /// Handles the end of builds. A coordinator that was lost meanwhile has forgotten them.
    public func built(_ ended: WireBuildsEnded) -> [Action] { phase == .ready ? [send(.buildsEnded(ended))] : [] }

    /// Handles jobs that were withdrawn before they began.
    public mutating func withdrawn(_ keys: [LeaseKey], now: UInt64) {
        for key in keys {
            guard let entry = leaveEvaluator(key, now: now) else { continue }
            switch entry.intent {
            case .cancel: store(key, Self.cancelledResult)
            case .release: releasing.append(key)
            case .none, .forget: break
            }
        }
    }

    private mutating func leaveEvaluator(_ key: LeaseKey, now: UInt64) -> Pending? {
        // Whatever of it is not sent belongs to a result that does not need it.
        uploads.drop(key)
        guard let entry = pending.removeValue(forKey: key) else { return nil }
        if let index = order.firstIndex(of: key) {
            order.remove(at: index)
            if index == 0 { beginFirst(now: now) }
        }
        return entry
    }

    /// Handles the statement of which job the evaluator has and how much processor time it has used. Called before
    /// `tick` and `endOfTurn`, because the evaluator may have moved on meanwhile.
    public mutating func confirmRunning(_ key: LeaseKey, cpuNanoseconds: UInt64, now: UInt64) {
        guard let index = order.firstIndex(of: key) else { return }
        if index > 0 {
            order.remove(at: index)
            order.insert(key, at: 0)
            beginFirst(now: now)
        }
        self.cpuNanoseconds = max(self.cpuNanoseconds, cpuNanoseconds)
    }

    private mutating func beginFirst(now: UInt64) {
        firstBegan = now
        cpuNanoseconds = 0
    }

    private mutating func store(_ key: LeaseKey, _ result: WireJobResult) {
        var result = result
        result.valueBytes = UInt64(result.value.count)
        uncommitted.add(key, result)
    }

    static let cancelledResult = WireJobResult.with {
        $0.outcome = .cancelled
        $0.failure = .with {
            $0.kind = "cancelled"
            $0.message = .init("cancelled before it began".utf8)
        }
    }

    /// Ends a turn: sends what is sent once for all events of the turn.
    public mutating func endOfTurn(now: UInt64) -> [Action] {
        guard phase == .ready, !hasLeft else { return leaveIfDone() }
        var actions = sendResults()
        if !releasing.isEmpty || credit.mustRevoke {
            let leases = releasing.map { $0.wire() }
            actions.append(send(.release(.with { $0.leases = leases })))
            releasing = []
            credit.mustRevoke = false
            credit.given = 0
        }
        actions += giveCredit(now: now)
        return actions + leaveIfDone()
    }

    /// Sends small results together, and queues large ones for `nextBulk`.
    private mutating func sendResults() -> [Action] {
        guard !uncommitted.outgoing.isEmpty else { return [] }
        var actions: [Action] = []
        var message = WireResults()
        var bytes = 0
        for key in uncommitted.takeOutgoing() {
            guard let entry = uncommitted[key] else { continue }
            if entry.result.value.count > inlineBytes {
                uncommitted.enqueueBulk(key)
                continue
            }
            message.results.append(attemptResult(key, entry.result))
            bytes += entry.bytes + 256
            if bytes > Self.messageBytes {
                actions.append(send(.results(message)))
                message = WireResults()
                bytes = 0
            }
        }
        if !message.results.isEmpty {
            if let first = order.first { message.evaluating = first.wire(isRunning: true) }
            actions.append(send(.results(message)))
        }
        return actions
    }

    private func attemptResult(_ key: LeaseKey, _ result: WireJobResult) -> WireAttemptResult {
        .with {
            $0.job = key.job
            $0.attempt = key.attempt
            $0.result = result
        }
    }

    /// Handles uploads of a job, which `nextBulk` gives back. They are kept until the coordinator has stored them.
    public mutating func upload(_ key: LeaseKey, _ messages: [[[UInt8]]]) {
        guard let entry = pending[key], entry.intent != .forget else { return }
        uploads.add(key, messages)
    }

    /// The next upload or part of a large value, or the result that follows the last part; nil if there is none. Called only when
    /// no other message waits, so that bulk data never delays control messages.
    public mutating func nextBulk() -> [[UInt8]]? {
        guard phase == .ready else { return nil }
        if let upload = uploads.next() { return upload }
        guard let key = uncommitted.bulk.first, let entry = uncommitted[key] else { return nil }
        let value = entry.result.value
        let start = Int(uncommitted.segmentsSent) * segmentBytes
        if start < value.count {
            let segment = WireResultSegment.with {
                $0.job = key.job
                $0.attempt = key.attempt
                $0.number = uncommitted.segmentsSent
                $0.bytes = value.dropFirst(start).prefix(segmentBytes)
            }
            uncommitted.countSegment()
            return Envelope(WorkerMessage.resultSegment(segment)).frames()
        }
        var result = entry.result
        result.value = .init()
        result.valueSegments = uncommitted.segmentsSent
        uncommitted.finishBulk()
        let message = WireResults.with { $0.results = [attemptResult(key, result)] }
        return Envelope(WorkerMessage.results(message)).frames()
    }

    /// Results that are not committed.
    var results: EvaluationQueue.Results { EvaluationQueue.Results(count: uncommitted.count, bytes: uncommitted.bytes) }

    /// Whether there are so many uncommitted results that no job is requested or begun.
    private var hasTooManyResults: Bool {
        uncommitted.count >= profile.uncommittedResults || uncommitted.bytes >= profile.uncommittedBytes
    }

    private mutating func giveCredit(now: UInt64) -> [Action] {
        guard !isDraining, !hasTooManyResults, !hasLongJob(now: now) else { return [] }
        let wanted = profile.heldJobs - order.count - credit.given
        // Credit is given for several jobs at once, since a message for each would cost too much.
        guard wanted > 0, wanted >= profile.heldJobs / 4 else { return [] }
        credit.given += wanted
        return [send(.credit(.with { $0.jobs = UInt32(clamping: wanted) }))]
    }

    /// Whether the current job takes so long that nothing should wait behind it.
    func hasLongJob(now: UInt64) -> Bool {
        !order.isEmpty && now >= firstBegan &+ UInt64(clamping: profile.longJob.nanoseconds)
    }

    /// The time at which `releaseWaiting` should be called if nothing else happens; nil if nothing waits.
    public var nextReleaseTime: UInt64? {
        phase == .ready && order.count > 1 ? firstBegan &+ UInt64(clamping: profile.longJob.nanoseconds) : nil
    }

    /// Returns the jobs that wait behind a long one.
    public mutating func releaseWaiting(now: UInt64) -> [Action] {
        guard phase == .ready, order.count > 1, hasLongJob(now: now) else { return [] }
        let waiting = order.dropFirst().filter { pending[$0]?.intent == Pending.Intent.none }
        for key in waiting { pending[key]?.intent = .release }
        return waiting.isEmpty ? [] : [.withdraw(waiting)]
    }

    private var inlineBytes: Int {
        welcome.inlineResultBytes == 0
            ? ProtocolLimits.inlineResultBytes : min(Int(clamping: welcome.inlineResultBytes), Self.messageBytes)
    }

    /// Bytes of uploads that may be on their way; 0 if the coordinator takes none.
    var uploadWindowBytes: Int { Int(clamping: min(welcome.uploadWindowBytes, Self.largestWindow)) }

    private static let largestWindow: UInt64 = 64 << 20

    var segmentBytes: Int {
        welcome.segmentBytes == 0
            ? ProtocolLimits.segmentBytes : min(max(1, Int(clamping: welcome.segmentBytes)), 16 << 20)
    }

    /// Bytes at which a message of several results is split.
    private static let messageBytes = 4 << 20
}

extension WireJobResult {
    /// The approximate bytes that the result occupies in memory.
    package var bytes: Int { value.count + textBytes }
}
