import FirnProtocol
import Foundation
import JobStore

/// Store objects that workers upload.
extension CoordinatorStateMachine {
    mutating func receive(_ upload: WireUpload, from peer: Peer) {
        let id = JobID(rawValue: Int64(clamping: upload.job))
        guard workers[peer]?.index(of: id, attempt: upload.attempt) != nil, let job = jobs[id] else {
            metrics.staleRefused += 1
            return reportStale(id, upload.attempt, to: peer, "an upload of an attempt that holds no lease")
        }
        guard job.admission.closure != nil else {
            return breakOff(id, peer, UploadFault("belongs to a job that gives no store objects"))
        }
        if let fault = upload.fault { return breakOff(id, peer, UploadFault(fault)) }
        var state = job.upload ?? UploadState(run: RunKey(job))
        // What was received before is on its way to the disk or there.
        guard upload.number >= state.next else { return sendUploadReply(id) }
        guard upload.number == state.next else { return restart(id, upload.attempt, peer) }
        if state.refusal != nil { return sendUploadReply(id) }
        state.next += 1
        let bytes = upload.countedBytes
        // A single upload may be larger than the window, which a worker may fill before it hears of the first reply.
        guard state.inFlightBytes == 0 || state.inFlightBytes + bytes <= settings.uploadWindowBytes else {
            return breakOff(
                id, peer, UploadFault("exceeds the \(settings.uploadWindowBytes) bytes that may be on their way"))
        }
        state.inFlightBytes += bytes
        switch upload.content {
        case .offer(let offer): self.offer(offer, upload.number, bytes, id, state, peer)
        case .segment(let segment): store(segment, bytes, id, state, peer)
        case nil: break
        }
    }

    /// The attempt was evaluated under an earlier start of the coordinator, which alone knew what was uploaded, or
    /// messages were lost. The job is evaluated again.
    private mutating func restart(_ id: JobID, _ attempt: UInt32, _ peer: Peer) {
        workers[peer]?.drop(id)
        advancedWorkers.insert(peer)
        returnLease(id)
        reportStale(id, attempt, to: peer, "its uploads cannot be continued: the coordinator was restarted")
    }

    /// Ends the lease of a worker that broke the rules.
    private mutating func breakOff(_ id: JobID, _ peer: Peer, _ fault: UploadFault) {
        let attempt = jobs[id]?.attempt ?? 0
        workers[peer]?.drop(id)
        advancedWorkers.insert(peer)
        refuseWorker(peer, 0, .malformedBody, fault.message)
        loseLease(id, worker: workers[peer]?.hello.name ?? "", cause: "it sent an upload that \(fault.message)")
        reportStale(id, attempt, to: peer, "an upload that \(fault.message)")
    }

    private mutating func offer(
        _ offer: WireObjectOffer, _ number: UInt32, _ bytes: Int, _ id: JobID, _ before: UploadState, _ peer: Peer
    ) {
        var state = before
        guard state.offer == nil, state.wanted.isEmpty, state.partial == nil else {
            return breakOff(id, peer, UploadFault("offers objects before those that were wanted are sent"))
        }
        let isNamed = !(jobs[id]?.admission.closure?.localRoots.isEmpty ?? true)
        guard isNamed || !offer.objects.contains(where: \.hasSource) else {
            return breakOff(id, peer, UploadFault("names a source in a root that the client lacks"))
        }
        state.offer = UploadState.Offer(
            number: number, objects: offer.objects.map { ($0.name, !$0.hasSource) }, isRepeated: offer.again)
        state.inFlight.append(UploadState.InFlight(bytes: bytes, completed: []))
        if !offer.again {
            state.parts += 1
            state.objects += UInt64(offer.objects.count)
        }
        jobs[id]?.upload = state
        guard !offer.again else { return answerRepeated(id) }
        // Lists count as contents do, so that a job cannot fill the disk with them.
        let list = Data(offer.encoded())
        guard charge(UInt64(list.count), to: id) else { return }
        ask(id, list: list)
    }

    /// Stores an offer's list, unless it was stored before, and asks which of its objects the run has.
    private mutating func ask(_ id: JobID, list: Data?) {
        guard let job = jobs[id], let offer = job.upload?.offer else { return }
        actions.append(
            .upload(
                .offer(list: list, number: Int64(offer.number), names: offer.objects.map(\.name)), id,
                attempt: job.attempt))
    }

    /// Asks for objects that others were uploading, or waits until none of them is being uploaded.
    private mutating func answerRepeated(_ id: JobID) {
        guard let state = jobs[id]?.upload, let offer = state.offer else { return }
        let isClaimed = offer.objects.contains { object in
            objectClaims.holder(of: object.name, in: state.run).map { $0 != id } ?? false
        }
        jobs[id]?.upload?.offer?.waits = isClaimed
        if isClaimed {
            objectClaims.wait(id, in: state.run)
        } else {
            objectClaims.endWait(id, in: state.run)
            ask(id, list: nil)
        }
    }

    private mutating func store(
        _ segment: WireObjectSegment, _ bytes: Int, _ id: JobID, _ before: UploadState, _ peer: Peer
    ) {
        var state = before
        guard state.offer == nil else {
            return breakOff(id, peer, UploadFault("has objects although an offer is not answered"))
        }
        switch state.take(segment.pieces) {
        case .failure(let fault): return breakOff(id, peer, fault)
        case .success(let pieces):
            let completed = pieces.filter { $0.length != nil }.map(\.name)
            state.inFlight.append(UploadState.InFlight(bytes: bytes, completed: completed))
            jobs[id]?.upload = state
            guard charge(UInt64(segment.contentBytes), to: id) else { return }
            metrics.objectBytes += segment.contentBytes
            actions.append(.upload(.append(pieces), id, attempt: jobs[id]?.attempt ?? 0))
        }
    }

    /// Counts bytes against the limit of the job and the hourly limit of its tenant. If they exceed one, the upload is
    /// refused and the result is false.
    private mutating func charge(_ bytes: UInt64, to id: JobID) -> Bool {
        jobs[id]?.upload?.charged += bytes
        guard let job = jobs[id], let state = job.upload else { return false }
        let most = job.admission.limits.closureBytes
        guard state.charged <= most else {
            refuseUpload(
                id, .quotaExceeded,
                "the job's store objects, with the list of them, have more than \(most) bytes, its limit (closure_bytes)"
            )
            return false
        }
        let hourly = tenants[job.tenant].policy.closureBytesPerHour
        guard hourly == 0 || tenants[job.tenant].closureWindow.total(at: now.wall) + bytes <= hourly else {
            refuseUpload(
                id, .quotaExceeded,
                "tenant \(tenants[job.tenant].name) has uploaded its \(hourly) bytes of store objects of this hour")
            return false
        }
        tenants[job.tenant].closureWindow.add(bytes, at: now.wall)
        return true
    }

    /// Accepts nothing more of the attempt, whose worker ends it with this reason.
    private mutating func refuseUpload(_ id: JobID, _ code: WireErrorCode, _ message: String) {
        jobs[id]?.upload?.refusal = ProtocolError(code, message).wire
        sendUploadReply(id)
        releaseClaims(of: id)
        discardUpload(of: id)
    }

    private mutating func discardUpload(of id: JobID) {
        guard let job = jobs[id] else { return }
        actions.append(.upload(.discard, id, attempt: job.attempt))
    }

    /// Tells the worker that holds the job how far its uploads are.
    private mutating func sendUploadReply(_ id: JobID) {
        guard let job = jobs[id], let state = job.upload, let peer = job.holder else { return }
        command(
            peer,
            .uploadReply(
                .with {
                    $0.job = UInt64(clamping: id.rawValue)
                    $0.attempt = job.attempt
                    $0.stored = state.stored
                    if let answer = state.answer { $0.answer = answer }
                    if let refusal = state.refusal { $0.refused = refusal }
                }))
    }
}

/// What follows when uploads are on disk, or an attempt ends.
extension CoordinatorStateMachine {
    mutating func uploaded(_ id: JobID, attempt: UInt32, _ result: Result<Set<Data>, JobStoreError>) {
        guard let job = jobs[id], job.attempt == attempt, let state = job.upload, state.refusal == nil,
            let first = state.inFlight.first
        else { return }
        let known: Set<Data>
        switch result {
        case .failure(let error):
            return refuseUpload(id, .storeUnavailable, "the coordinator cannot keep the store objects: \(error)")
        case .success(let names): known = names
        }
        jobs[id]?.upload?.inFlight.removeFirst()
        jobs[id]?.upload?.inFlightBytes -= first.bytes
        jobs[id]?.upload?.stored += 1
        if let offer = state.offer, state.inFlight.count == 1 { answer(offer, known, id, state.run) }
        sendUploadReply(id)
        guard !first.completed.isEmpty else { return }
        objectClaims.release(first.completed, of: id, in: state.run)
        wakeOffers(in: state.run)
    }

    /// Decides which objects the worker is to send: those that the run lacks and nobody else is sending.
    private mutating func answer(_ offer: UploadState.Offer, _ known: Set<Data>, _ id: JobID, _ run: RunKey) {
        var states: [UInt8] = []
        for object in offer.objects {
            if known.contains(object.name) || !object.isUploaded {
                states.append(OfferState.known)
            } else if let holder = objectClaims.holder(of: object.name, in: run) {
                states.append(holder == id ? OfferState.known : OfferState.claimed)
            } else {
                objectClaims.claim(object.name, for: id, in: run)
                jobs[id]?.upload?.wanted.insert(object.name)
                states.append(OfferState.wanted)
            }
        }
        jobs[id]?.upload?.offer = nil
        jobs[id]?.upload?.answer = .with {
            $0.number = offer.number
            $0.states = Data(states)
        }
    }

    /// Continues offers that wait for objects which others were uploading.
    private mutating func wakeOffers(in run: RunKey) {
        for id in (objectClaims.waiting[run] ?? []).sorted() { answerRepeated(id) }
    }

    private mutating func releaseClaims(of id: JobID) {
        guard let state = jobs[id]?.upload else { return }
        objectClaims.endWait(id, in: state.run)
        objectClaims.release(state.wanted, of: id, in: state.run)
        for upload in state.inFlight { objectClaims.release(upload.completed, of: id, in: state.run) }
        wakeOffers(in: state.run)
    }

    /// Forgets what an attempt has uploaded when its lease ends.
    ///
    /// - Parameter isKept: whether its result counts and has the objects.
    mutating func endUpload(_ id: JobID, isKept: Bool) {
        jobs[id]?.isInherited = false
        guard let state = jobs[id]?.upload else { return }
        if !isKept, state.refusal == nil { discardUpload(of: id) }
        releaseClaims(of: id)
        jobs[id]?.upload = nil
    }
}

extension Job {
    /// The connected worker to which the job is leased.
    var holder: Peer? {
        switch state {
        case .held(let peer), .running(let peer): peer
        default: nil
        }
    }
}
