import FirnProtocol

extension TenantPolicy {
    /// This policy with an operator's changes. A default limit above a changed highest limit is lowered to it.
    func changed(by changes: WireTenantSettings) -> TenantPolicy {
        var policy = self
        if changes.hasWeight { policy.weight = changes.weight }
        if changes.hasQueued { policy.maximumQueued = Int(clamping: changes.queued) }
        if changes.hasQueuedBytes { policy.maximumQueuedBytes = Int(clamping: changes.queuedBytes) }
        if changes.hasRunning { policy.maximumRunning = Int(clamping: changes.running) }
        if changes.hasRunningMemory { policy.maximumRunningMemory = changes.runningMemory }
        if changes.hasBuilding { policy.maximumBuilding = Int(clamping: changes.building) }
        if changes.hasFuelPerHour { policy.fuelPerHour = changes.fuelPerHour }
        if changes.hasTraceBytesPerHour { policy.traceBytesPerHour = changes.traceBytesPerHour }
        if changes.hasClosureBytesPerHour { policy.closureBytesPerHour = changes.closureBytesPerHour }
        if changes.hasConnections { policy.maximumConnections = Int(clamping: changes.connections) }
        if changes.hasWatched { policy.maximumWatched = Int(clamping: changes.watched) }
        if changes.hasAnswerBytes { policy.answerBytes = Int(clamping: changes.answerBytes) }
        if changes.hasRunningPerKey { policy.maximumPerKey = Int(clamping: changes.runningPerKey) }
        if changes.hasPaused { policy.isPaused = changes.paused }
        if changes.hasMaximumFuel { policy.lower(\.fuel, changes.maximumFuel) }
        if changes.hasMaximumMemoryBytes { policy.lower(\.memoryBytes, changes.maximumMemoryBytes) }
        if changes.hasMaximumTimeoutMs { policy.lower(\.timeoutMs, changes.maximumTimeoutMs) }
        return policy
    }

    private mutating func lower(_ limit: WritableKeyPath<WireLimits, UInt64>, _ most: UInt64) {
        maximumLimits[keyPath: limit] = most
        defaultLimits[keyPath: limit] = min(defaultLimits[keyPath: limit], most)
    }

    /// All that operators may change.
    var wire: WireTenantSettings {
        .with {
            $0.weight = weight
            $0.queued = UInt64(clamping: maximumQueued)
            $0.queuedBytes = UInt64(clamping: maximumQueuedBytes)
            $0.running = UInt64(clamping: maximumRunning)
            $0.runningMemory = maximumRunningMemory
            $0.building = UInt64(clamping: maximumBuilding)
            $0.fuelPerHour = fuelPerHour
            $0.traceBytesPerHour = traceBytesPerHour
            $0.closureBytesPerHour = closureBytesPerHour
            $0.connections = UInt64(clamping: maximumConnections)
            $0.watched = UInt64(clamping: maximumWatched)
            $0.answerBytes = UInt64(clamping: answerBytes)
            $0.runningPerKey = UInt64(clamping: maximumPerKey)
            $0.paused = isPaused
            $0.maximumFuel = maximumLimits.fuel
            $0.maximumMemoryBytes = maximumLimits.memoryBytes
            $0.maximumTimeoutMs = maximumLimits.timeoutMs
        }
    }
}

extension WireTenantSettings {
    /// The rule that a value breaks, as a sentence that begins with the field; nil if it breaks none. The bounds are those
    /// of the configuration file.
    var fault: String? {
        if hasWeight, !(0.001...1_000_000).contains(weight) { return "weight: \(weight) is not 0.001 to 1000000" }
        let numbers: [(String, Bool, UInt64, ClosedRange<UInt64>)] = [
            ("queued", hasQueued, queued, 0...100_000_000),
            ("queued_bytes", hasQueuedBytes, queuedBytes, 0...UInt64(Int64.max)),
            ("running", hasRunning, running, 0...1_000_000),
            ("building", hasBuilding, building, 0...1_000_000),
            ("connections", hasConnections, connections, 1...1_000_000),
            ("watched", hasWatched, watched, 0...100_000_000),
            ("answer_bytes", hasAnswerBytes, answerBytes, 1...UInt64(Int64.max)),
            ("running_per_key", hasRunningPerKey, runningPerKey, 0...1_000_000),
            ("maximum_fuel", hasMaximumFuel, maximumFuel, 1...UInt64.max),
            ("maximum_memory_bytes", hasMaximumMemoryBytes, maximumMemoryBytes, 1...UInt64.max),
            ("maximum_timeout_ms", hasMaximumTimeoutMs, maximumTimeoutMs, 1...86_400_000),
        ]
        for (name, isSet, value, range) in numbers where isSet && !range.contains(value) {
            return "\(name): \(value) is not \(range.lowerBound) to \(range.upperBound)"
        }
        return nil
    }
}
