/// Builtins on versions and derivation names.
extension Machine {
    static let versionBuiltins: [BuiltinDefinition] = [
        .function("compareVersions", 2, early: { $0.expectPlainString(0) != nil }) { vm in
            guard let a = vm.expectPlainString(0), let b = vm.expectPlainString(1) else { return .error }
            guard vm.charge(1 + (a.field + b.field) / 32) else { return .error }
            return vm.done(Value(small: Version.compare(a.byteBuffer, b.byteBuffer)))
        },
        .function("splitVersion", 1) { $0.splitVersion() },
        .function("parseDrvName", 1) { $0.parseDerivationName() },
    ]
}

extension VM {
    fileprivate func splitVersion() -> Step {
        guard let text = expectPlainString(0) else { return .error }
        var version = Version(text.byteBuffer)
        var count = 0
        var size = 0
        while let component = version.next() {
            count += 1
            size += Size.string(component.count)
        }
        guard reserve(Size.list(count) + size) else { return .collect }
        guard charge(1 + text.field / 16) else { return .error }
        let list = makeList(count)
        version = Version(text.byteBuffer)
        var index = 0
        while let component = version.next() {
            list.object.values[index] = makeString(component)
            index += 1
        }
        return done(list)
    }

    /// The name ends before the first dash that no letter follows; the version is what follows that dash.
    fileprivate func parseDerivationName() -> Step {
        guard let text = expectPlainString(0) else { return .error }
        let bytes = text.byteBuffer
        guard reserve(Size.attributesAndLayout(2) + 2 * Size.string(bytes.count)) else { return .collect }
        guard charge(1 + bytes.count / 32) else { return .error }
        let dash = bytes.indices.first { index in
            bytes[index] == UInt8(ascii: "-") && index + 1 < bytes.count && !isLetter(bytes[index + 1])
        }
        let end = dash ?? bytes.count
        let name = makeString(UnsafeBufferPointer(rebasing: bytes[..<end]))
        let version = makeString(UnsafeBufferPointer(rebasing: bytes[min(end + 1, bytes.count)...]))
        return done(makeAttributes([(Symbols.name, name), (Symbols.version, version)]))
    }

    private func isLetter(_ byte: UInt8) -> Bool {
        byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
    }
}

/// The components of a version: runs of digits, and runs of other bytes; dots and dashes separate.
struct Version {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func next() -> UnsafeBufferPointer<UInt8>? {
        while place < bytes.count, isSeparator(bytes[place]) { place += 1 }
        guard place < bytes.count else { return nil }
        let start = place
        let isNumber = isDigit(bytes[start])
        while place < bytes.count, isDigit(bytes[place]) == isNumber, !isSeparator(bytes[place]) { place += 1 }
        return UnsafeBufferPointer(rebasing: bytes[start..<place])
    }

    private func isSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") }
    private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    /// -1, 0 or 1 as `a` is older than, equal to or newer than `b`.
    static func compare(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
        var left = Version(a)
        var right = Version(b)
        while true {
            let x = left.next()
            let y = right.next()
            if x == nil, y == nil { return 0 }
            if precedes(x, y) { return -1 }
            if precedes(y, x) { return 1 }
        }
    }

    /// Numbers compare as such; `pre` comes before everything, the end before numbers, words before numbers.
    private static func precedes(_ a: UnsafeBufferPointer<UInt8>?, _ b: UnsafeBufferPointer<UInt8>?) -> Bool {
        let x = number(a)
        let y = number(b)
        if let x, let y { return x < y }
        if a == nil, y != nil { return true }
        if isPre(a) { return !isPre(b) }
        if isPre(b) { return false }
        if y != nil { return true }
        if x != nil { return false }
        let empty = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        return compareBytes(a ?? empty, b ?? empty) < 0
    }

    /// A component as a number of 32 bits, as Nix has it; a larger one is a word.
    private static func number(_ component: UnsafeBufferPointer<UInt8>?) -> Int32? {
        guard let component, !component.isEmpty else { return nil }
        var value: Int32 = 0
        for byte in component {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (scaled, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflows) = scaled.addingReportingOverflow(Int32(byte - UInt8(ascii: "0")))
            if isTooLarge || overflows { return nil }
            value = sum
        }
        return value
    }

    private static func isPre(_ component: UnsafeBufferPointer<UInt8>?) -> Bool {
        component.map { $0.elementsEqual("pre".utf8) } ?? false
    }
}
