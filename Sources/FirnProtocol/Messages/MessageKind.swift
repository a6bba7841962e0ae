/// The kind of a message's body, as one byte of the header. The numbers are those in the comments of
/// protocol/firn.proto.
public enum MessageKind: UInt8, Sendable, Hashable, CaseIterable {
    case error = 0x01
    case ping = 0x02
    case pong = 0x03

    case clientHello = 0x10
    case clientWelcome = 0x11
    case submit = 0x12
    case submitReply = 0x13
    case get = 0x14
    case jobStatus = 0x15
    case watch = 0x16
    case jobUpdates = 0x17
    case unwatch = 0x18
    case readResult = 0x19
    case resultPart = 0x1A
    case listJobs = 0x1B
    case jobList = 0x1C
    case cancel = 0x1D
    case cancelReply = 0x1E
    case getQueue = 0x1F
    case queueReport = 0x20
    case listWorkers = 0x21
    case workerList = 0x22
    case drain = 0x23
    case drainReply = 0x24
    case readTrace = 0x25
    case tracePart = 0x26
    case readClosure = 0x27
    case closurePart = 0x28
    case readObjects = 0x29
    case objectParts = 0x2A
    case explain = 0x2B
    case explanation = 0x2C
    case retry = 0x2D
    case retryReply = 0x2E
    case listTenants = 0x2F
    case tenantList = 0x30
    case changeTenant = 0x31
    case changeKey = 0x32
    case keyList = 0x33

    case workerHello = 0x40
    case workerWelcome = 0x41
    case credit = 0x42
    case dispatch = 0x43
    case heartbeat = 0x44
    case resultSegment = 0x45
    case results = 0x46
    case resultsCommitted = 0x47
    case stale = 0x48
    case cancelAttempts = 0x49
    case drainWorker = 0x4A
    case release = 0x4B
    case goodbye = 0x4C
    case upload = 0x4D
    case uploadReply = 0x4E
    case startBuilds = 0x50
    case buildsEnded = 0x51
    case preparedSets = 0x52
    case prepareSet = 0x53

    case traceSegment = 0x60
}
