extension String {
    /// The text of a C buffer up to its terminating zero.
    init(cText: [CChar]) {
        self = String(decoding: cText.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
