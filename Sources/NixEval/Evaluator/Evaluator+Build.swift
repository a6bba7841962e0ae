import NixStore
import NixVM

/// The builds that evaluations wait for.
struct WaitingBuilds {
    /// The outputs that are needed, each once, in the order in which they were asked for.
    var needed: [NeededOutput] = []
    /// Why outputs could not be built when that was tried before, by their texts.
    var failures: [[UInt8]: [UInt8]] = [:]
}

/// Import from derivation.
extension Evaluator {
    /// What happens when an output of a derivation is read. It is set before the first evaluation.
    public var importFromDerivation: ImportFromDerivation {
        get { machine.importFromDerivation }
        set { machine.importFromDerivation = newValue }
    }

    /// Whether each output that is read is warned about.
    public var tracesImportFromDerivation: Bool {
        get { machine.tracesImportFromDerivation }
        set { machine.tracesImportFromDerivation = newValue }
    }

    /// Puts builds off: what reads an output that is not there fails, and the output is noted.
    ///
    /// - Parameters:
    ///   - store: the store that has the outputs, to which derivations are added.
    ///   - failures: why outputs could not be built before, by their texts.
    func putOffBuilds(_ store: DeferredStore, failures: [[UInt8]: [UInt8]]) {
        storeWriter = store
        derivationBuilder = store
        importFromDerivation = .built
        waitingBuilds = WaitingBuilds(failures: failures)
    }

    /// The outputs whose builds were put off.
    var neededOutputs: [NeededOutput] { waitingBuilds?.needed ?? [] }

    /// Adds everything to the daemon's store, so that another connection can build it.
    func publish(_ store: DeferredStore) throws(EvalFailure) {
        try asking { (isStopped) throws(StoreWriteError) in try store.publish(isStopped: isStopped) }
    }

    /// Answers the machine's request for outputs: with what is there, with what the builder builds, or, while builds are
    /// put off, with a failure.
    func build(_ outputs: [NeededOutput]) throws(EvalFailure) {
        guard let builder = derivationBuilder else {
            throw EvalFailure(
                kind: .restricted,
                message: Array("cannot build '".utf8) + outputs[0].text
                    + Array(
                        "' during evaluation: there is no builder; name a store with --store daemon, or a command ".utf8
                    )
                    + Array("with --builder".utf8))
        }
        if try take(outputs, builder) { return }
        if waitingBuilds != nil { throw putOff(outputs) }
        try flushStore()
        let failures = try asking { (isStopped) throws(StoreWriteError) in
            try builder.build(outputs, isStopped: isStopped)
        }
        for output in outputs {
            if let reason = failures[output] { throw EvalFailure(kind: .restricted, message: reason) }
        }
        guard try take(outputs, builder) else {
            throw EvalFailure(
                kind: .io,
                message: Array("'".utf8) + outputs[0].text + Array("' was built and is not in the store".utf8))
        }
    }

    /// Notes what is needed, and returns the failure with which what needs it ends for now: why it could not be built
    /// before, or that it is not built yet.
    private func putOff(_ outputs: [NeededOutput]) -> EvalFailure {
        for output in outputs {
            if let reason = waitingBuilds?.failures[output.text] {
                return EvalFailure(kind: .restricted, message: reason)
            }
        }
        let known = Set(waitingBuilds?.needed ?? [])
        waitingBuilds?.needed += outputs.filter { !known.contains($0) }
        return EvalFailure(
            kind: .restricted, message: Array("'".utf8) + outputs[0].text + Array("' is not built yet".utf8))
    }

    /// Answers with the outputs if all of them are there. The result is false otherwise.
    private func take(_ outputs: [NeededOutput], _ builder: any DerivationBuilder) throws(EvalFailure) -> Bool {
        let objects = try asking { (isStopped) throws(StoreWriteError) in
            try builder.existing(outputs, isStopped: isStopped)
        }
        guard let objects else { return false }
        guard machine.answer(built: outputs, objects: objects) else { throw machine.memoryFailure }
        return true
    }

    private func asking<Answer>(
        _ body: (@escaping () -> Bool) throws(StoreWriteError) -> Answer
    ) throws(EvalFailure) -> Answer {
        let stop = machine.stop
        do throws(StoreWriteError) {
            return try body { stop.cause != nil }
        } catch {
            if error.isStopped, let failure = stop.failure { throw failure }
            throw EvalFailure(kind: .io, message: error.message)
        }
    }
}
