import NixFormats

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
