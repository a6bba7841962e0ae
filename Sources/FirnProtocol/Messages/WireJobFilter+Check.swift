extension WireJobFilter {
    /// The rule of protocol/firn-1.md, section 6.7, that the filter breaks, as a sentence that begins with the field; nil
    /// if it breaks none.
    public var fault: String? {
        if case .UNRECOGNIZED(let number) = state { return "filter.state: \(number) is not known" }
        if case .UNRECOGNIZED(let number) = outcome { return "filter.outcome: \(number) is not known" }
        guard labelPrefix.utf8.count <= ProtocolLimits.labelBytes else {
            return "filter.label_prefix: it has more than \(ProtocolLimits.labelBytes) bytes"
        }
        guard key.utf8.count <= ProtocolLimits.keyBytes else {
            return "filter.key: it has more than \(ProtocolLimits.keyBytes) bytes"
        }
        guard tenant.utf8.count <= ProtocolLimits.nameBytes else {
            return "filter.tenant: it has more than \(ProtocolLimits.nameBytes) bytes"
        }
        guard submittedFromUnixMs >= 0, submittedUntilUnixMs >= 0 else { return "filter: a time is negative" }
        return nil
    }
}
