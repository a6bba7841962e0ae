import FirnCoordinator
import FirnProtocol
import JobStore

extension CoordinatorConfiguration {
    /// Reads every key of a coordinator's configuration, as config/coordinator.yaml describes them.
    init(_ source: inout SettingsSource) throws(SettingsError) {
        var endpoints = Endpoints()
        endpoints.clients = try source.string("endpoints.clients") ?? endpoints.clients
        endpoints.workers = try source.string("endpoints.workers") ?? endpoints.workers
        endpoints.traces = try source.string("endpoints.traces") ?? endpoints.traces
        endpoints.operators = try source.string("endpoints.operators") ?? endpoints.operators
        let access = try Self.access(&source)
        let store = try source.path("store")
        self.init(endpoints: endpoints, access: access, storeDirectory: store ?? "firn-store")
        settings = try CoordinatorSettings(&source)
        drainTimeout = try source.milliseconds("drainTimeoutMs", in: 0...86_400_000) ?? drainTimeout
        retentionInterval =
            try source.milliseconds("retention.intervalMs", in: 10...86_400_000) ?? retentionInterval
        keyReloadInterval = try source.milliseconds("keyReloadMs", in: 10...86_400_000) ?? keyReloadInterval
        refusalLogInterval = try source.milliseconds("refusalLogMs", in: 10...86_400_000) ?? refusalLogInterval
        highWaterMessages = try source.number("highWaterMessages", in: 1...1_000_000) ?? highWaterMessages
        backlogBytes = try source.size("backlogBytes") ?? backlogBytes
        ioThreads = try source.number("ioThreads", in: 1...64) ?? ioThreads
        ipv6 = try source.flag("ipv6") ?? ipv6
    }

    private static func access(_ source: inout SettingsSource) throws(SettingsError) -> Access {
        let keys = try source.path("keys")
        let tenant = try source.string("plainTenant")
        switch (keys, tenant) {
        case (let keys?, nil): return .curve(keyDirectory: keys)
        case (nil, let tenant?): return .plain(tenant: tenant)
        case (nil, nil):
            throw SettingsError(
                "who may connect? Set keys to a directory made by firn keys, or plainTenant to serve this machine without keys"
            )
        case (_?, _?): throw SettingsError("keys and plainTenant exclude each other")
        }
    }
}

extension CoordinatorSettings {
    init(_ source: inout SettingsSource) throws(SettingsError) {
        self.init()
        lease = try source.milliseconds("leaseMs", in: 100...3_600_000) ?? lease
        heartbeat = try source.milliseconds("heartbeatMs", in: 10...600_000) ?? heartbeat
        lostWorkersToQuarantine =
            try source.number("lostWorkersToQuarantine", in: 1...1_000) ?? lostWorkersToQuarantine
        recoveryGrace = try source.milliseconds("recoveryGraceMs", in: 0...3_600_000) ?? recoveryGrace
        cancelGrace = try source.milliseconds("cancelGraceMs", in: 0...3_600_000) ?? cancelGrace
        unavailableAfter = try source.milliseconds("unavailableAfterMs", in: 0...Int64.max) ?? unavailableAfter
        updateDelay = try source.milliseconds("updateDelayMs", in: 0...60_000) ?? updateDelay
        traceGrace = try source.milliseconds("traceGraceMs", in: 0...3_600_000) ?? traceGrace
        batchJobs = try source.number("batchJobs", in: 1...ProtocolLimits.batchJobs) ?? batchJobs
        batchBytes = try source.size("batchBytes") ?? batchBytes
        jobBytes = try source.size("jobBytes") ?? jobBytes
        inlineResultBytes = try source.size("inlineResultBytes", atLeast: 0) ?? inlineResultBytes
        segmentBytes = try source.size("segmentBytes") ?? segmentBytes
        uploadWindowBytes = try source.size("uploadWindowBytes") ?? uploadWindowBytes
        closureCache = try Self.cache(&source)
        watchedJobs = try source.number("watchedJobs", in: 1...10_000_000) ?? watchedJobs
        maximumSessions = try source.number("maximumSessions", in: 1...10_000_000) ?? maximumSessions
        connectionAnswerBytes = try source.size("answers.connectionBytes") ?? connectionAnswerBytes
        answerBytes = try source.size("answers.bytes") ?? answerBytes
        stalledAfter = try source.milliseconds("answers.stalledAfterMs", in: 100...86_400_000) ?? stalledAfter
        traceEndpoint = try source.string("traceEndpoint") ?? traceEndpoint
        try readRetention(&source)
        defaultPolicy = try TenantPolicy(&source, section: "tenantDefaults", base: defaultPolicy)
        for name in source.names(in: "tenants") {
            guard Tenant(name) != nil else { throw SettingsError("tenants: '\(name)' is not a tenant's name") }
            tenants[name] = try TenantPolicy(&source, section: "tenants.\(name)", base: defaultPolicy)
        }
    }

    private static func cache(_ source: inout SettingsSource) throws(SettingsError) -> ClosureCacheSettings? {
        let directory = try source.path("closureCache.directory")
        let key = try source.path("closureCache.secretKeyFile")
        let compression = try source.string("closureCache.compression") ?? "none"
        guard let known = ClosureCacheSettings.Compression(rawValue: compression) else {
            throw SettingsError("closureCache.compression is '\(compression)', not none or xz")
        }
        guard let directory else {
            if key != nil { throw SettingsError("closureCache.secretKeyFile is set without closureCache.directory") }
            return nil
        }
        return ClosureCacheSettings(directory: directory, secretKeyFile: key, compression: known)
    }

    private mutating func readRetention(_ source: inout SettingsSource) throws(SettingsError) {
        retention.maximumAge = try source.milliseconds("retention.ageMs", in: 1_000...Int64.max) ?? retention.maximumAge
        retention.maximumJobs = try source.number("retention.jobs", in: 0...Int64.max) ?? retention.maximumJobs
        retention.maximumResultBytes =
            try source.size("retention.resultBytes", atLeast: 0) ?? retention.maximumResultBytes
        retention.maximumTraceBytes =
            try source.size("retention.traceBytes", atLeast: 0) ?? retention.maximumTraceBytes
        retention.maximumObjectBytes =
            try source.size("retention.objectBytes", atLeast: 0) ?? retention.maximumObjectBytes
    }
}

extension TenantPolicy {
    /// Reads a policy. Keys that are not set have the values of `base`.
    init(_ source: inout SettingsSource, section: String, base: TenantPolicy) throws(SettingsError) {
        self = base
        weight = try source.real("\(section).weight", in: 0.001...1_000_000) ?? weight
        maximumQueued = try source.number("\(section).queued", in: 0...100_000_000) ?? maximumQueued
        maximumQueuedBytes = try source.size("\(section).queuedBytes", atLeast: 0) ?? maximumQueuedBytes
        maximumRunning = try source.number("\(section).running", in: 0...1_000_000) ?? maximumRunning
        maximumPerKey = try source.number("\(section).runningPerKey", in: 0...1_000_000) ?? maximumPerKey
        isPaused = try source.flag("\(section).paused") ?? isPaused
        maximumBuilding = try source.number("\(section).building", in: 0...1_000_000) ?? maximumBuilding
        maximumRunningMemory = try source.size("\(section).runningMemory", atLeast: 0) ?? maximumRunningMemory
        fuelPerHour = try source.number("\(section).fuelPerHour", in: 0...UInt64.max) ?? fuelPerHour
        traceBytesPerHour = try source.size("\(section).traceBytesPerHour", atLeast: 0) ?? traceBytesPerHour
        closureBytesPerHour =
            try source.size("\(section).closureBytesPerHour", atLeast: 0) ?? closureBytesPerHour
        maximumConnections = try source.number("\(section).connections", in: 1...1_000_000) ?? maximumConnections
        maximumWatched = try source.number("\(section).watched", in: 0...100_000_000) ?? maximumWatched
        answerBytes = try source.size("\(section).answerBytes") ?? answerBytes
        try defaultLimits.read(&source, section: "\(section).defaultLimits")
        try maximumLimits.read(&source, section: "\(section).maximumLimits")
        if let names = try source.strings("\(section).roots") {
            roots = names.values == ["*"] ? nil : Set(names.values)
        }
    }
}

extension WireLimits {
    fileprivate mutating func read(_ source: inout SettingsSource, section: String) throws(SettingsError) {
        fuel = try source.number("\(section).fuel", in: 1...UInt64.max) ?? fuel
        memoryBytes = try source.size("\(section).memory") ?? memoryBytes
        depth = try source.number("\(section).depth", in: 1...10_000_000) ?? depth
        timeoutMs = try source.number("\(section).timeoutMs", in: 1...86_400_000) ?? timeoutMs
        resultBytes = try source.size("\(section).resultBytes") ?? resultBytes
        traceBytes = try source.size("\(section).traceBytes") ?? traceBytes
        closureBytes = try source.size("\(section).closureBytes") ?? closureBytes
    }
}
