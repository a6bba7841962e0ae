/// What the coordinator answers to each object of an offer, as bytes of `OfferAnswer.states`.
public enum OfferState {
    /// It is not wanted: the run has it, or the client finds it in a root of its own.
    public static let known: UInt8 = 0
    /// It is to be sent.
    public static let wanted: UInt8 = 1
    /// Another job of the run is sending it.
    public static let claimed: UInt8 = 2
}
