import FirnProtocol
import Testing

@Test func userIDsNameRoleTenantAndKey() {
    for text in ["client/acme/laptop", "worker/w1", "operator/alice.b"] {
        #expect(Identity(userID: text)?.userID == text)
    }
    for text in [
        "", "client/acme", "worker/a/b", "root/x", "client//x", "worker/W1", "client/acme/x/y", "worker/../x",
    ] {
        #expect(Identity(userID: text) == nil)
    }
}

@Test func outcomesMapBothWays() {
    for outcome in Outcome.allCases { #expect(Outcome(wire: outcome.wire) == outcome) }
    #expect(Outcome(wire: .unspecified) == nil && Outcome(wire: .UNRECOGNIZED(99)) == nil)
    #expect(Outcome.allCases.count == 12)
}
