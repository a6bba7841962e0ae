import FirnClient
import FirnCommands
import FirnProtocol

/// Follows jobs until they have finished.
struct JobFollower {
    let client: FirnClient
    let json: Bool
    let showTrace: Bool
    /// Whether each change of state is printed, instead of values.
    let showsUpdates: Bool
    /// Writes the store objects of the jobs; nil to leave them.
    var receiver: ClosureReceiver?
    /// Whether standard output is taken, so that values are printed on standard error.
    var takesStandardOutput = false

    /// Prints each job's result as `firn eval` would print it, in the order of the jobs.
    ///
    /// - Returns: whether all jobs ended as ok.
    func finish(_ jobs: [UInt64]) async throws -> Bool {
        var progress = Progress(!json)
        var finished: [UInt64: WireJobStatus] = [:]
        var running: Set<UInt64> = []
        var next = 0
        var allOK = true
        for try await status in try await client.watch(jobs) {
            if showsUpdates { show(status) }
            running.remove(status.job)
            if status.state == .running { running.insert(status.job) }
            if status.state == .finished {
                if StatusReport.outcome(status) != .ok { allOK = false }
                finished[status.job] = status
            }
            while next < jobs.count, let status = finished[jobs[next]] {
                next += 1
                if showsUpdates { continue }
                progress.clear()
                try await print(status)
            }
            let (done, active) = (finished.count, running.count)
            progress.show("\(done) of \(jobs.count) finished, \(active) running, \(jobs.count - done - active) waiting")
        }
        progress.clear()
        guard finished.count == Set(jobs).count else {
            let missing = jobs.filter { finished[$0] == nil }.map(String.init).joined(separator: ", ")
            throw CommandFailure("no such job of this tenant, or no longer kept: \(missing)")
        }
        return allOK
    }

    private func show(_ status: WireJobStatus) {
        if json { return Output.write(1, StatusReport.json(status).text + "\n") }
        Output.text("\(status.job)  \(StatusReport.text(status))\n")
    }

    /// Prints a finished job: its value on standard output, everything else on standard error. What a value names is in
    /// the store by then.
    func print(_ status: WireJobStatus) async throws {
        var status = status
        try await receiver?.receive(status)
        if UInt64(status.result.value.count) < status.result.valueBytes, status.result.outcome == .ok {
            try await client.complete(&status.result, of: status.job)
        }
        if json { return write(Array((StatusReport.json(status).text + "\n").utf8), isData: true) }
        let result = status.result
        Output.message(ResultReport.notes(result, showTrace: showTrace))
        if result.outcome == .ok { write([UInt8](result.value) + [UInt8(ascii: "\n")], isData: false) }
    }

    private func write(_ bytes: [UInt8], isData: Bool) {
        if takesStandardOutput {
            Output.message(bytes)
        } else if isData {
            Output.write(1, bytes)
        } else {
            Output.text(bytes)
        }
    }
}
