import NixFormats

/// Builtins on versions and derivation names.
extension Builtin {
    static let versions: [Builtin] = [
        .function(
            "compareVersions", [.evaluated("a"), .evaluated("b")], since: "0.12",
            "`-1`, `0` or `1` as version `a` is older than `b`, the same, or newer.",
            early: { $0.expectPlainString(0) != nil }
        ) { $0.compareVersions() },
        .function("splitVersion", [.evaluated("version")], since: "2.0", "The components of a version.") {
            $0.splitVersion()
        },
        .function(
            "parseDrvName", [.evaluated("name")], since: "0.12",
            "`{ name, version }` of a package's name: the version begins after the first dash that no letter follows."
        ) { $0.parseDerivationName() },
    ]
}

extension Interpreter {
    fileprivate func compareVersions() -> Step {
        guard let a = expectPlainString(0), let b = expectPlainString(1) else { return .error }
        let mark = fuelMark
        var meter = makeMeter()
        do throws(WorkStop) {
            let order = try Version.compare(ByteView(a.bytes), ByteView(b.bytes), &meter)
            settle(meter)
            return done(Value(small: order))
        } catch {
            return stopped(error, meter, since: mark)
        }
    }

    fileprivate func splitVersion() -> Step {
        guard let text = expectPlainString(0) else { return .error }
        let bytes = ByteView(text.bytes)
        let mark = fuelMark
        var meter = makeMeter()
        var count = 0
        do throws(WorkStop) {
            var version = Version(bytes)
            var size = 0
            while let component = try version.next(&meter) {
                count += 1
                size += Size.string(component.count)
            }
            settle(meter)
            guard reserve(Size.list(count) + size) else {
                return refundIfRetried(.collect, since: mark)
            }
        } catch {
            return stopped(error, meter, since: mark)
        }
        return makeComponents(text.bytes, count)
    }

    /// Makes the list of a version's components. The caller has reserved room for it.
    private func makeComponents(_ text: UnsafeBufferPointer<UInt8>, _ count: Int) -> Step {
        let list = makeList(count)
        var version = Version(ByteView(text))
        var meter = makeMeter()
        do throws(WorkStop) {
            for index in 0..<count {
                guard let component = try version.next(&meter) else { break }
                settle(meter)
                guard let string = makeStringCharged(UnsafeBufferPointer(rebasing: text[component])) else {
                    return .error
                }
                list.object.values[index] = string
                meter = makeMeter()
            }
            settle(meter)
            return done(list)
        } catch {
            return .error
        }
    }

    /// Splits `name-1.0`: the name ends before the first dash that is followed by something other than a letter, and the
    /// version begins behind that dash.
    fileprivate func parseDerivationName() -> Step {
        guard let text = expectPlainString(0) else { return .error }
        let bytes = text.bytes
        guard reserve(Size.attributesAndLayout(2) + 2 * Size.string(bytes.count)) else { return .collect }
        var end = bytes.count
        guard charge(1) else { return .error }
        let isRead = inBlocks(bytes.count, bytesPerUnit: 32) { block in
            guard end == bytes.count else { return true }
            for index in block where bytes[index] == UInt8(ascii: "-") {
                if index + 1 < bytes.count, !isLetter(bytes[index + 1]) {
                    end = index
                    break
                }
            }
            return true
        }
        guard isRead, let name = makeStringCharged(UnsafeBufferPointer(rebasing: bytes[..<end])),
            let version = makeStringCharged(UnsafeBufferPointer(rebasing: bytes[min(end + 1, bytes.count)...]))
        else { return .error }
        return done(makeAttributes([(Symbols.name.number, name), (Symbols.version.number, version)]))
    }

    private func isLetter(_ byte: UInt8) -> Bool {
        byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
    }
}
