import NixFormats

/// `fromTOML`. Written here, beside JSON: a tree of a library's own would lie outside the machine's memory, and its
/// rules would not be those of toml11.
extension Builtin {
    static let toml: [Builtin] = [
        .function(
            "fromTOML", [.evaluated("toml")], since: "2.1", "The value that a text in TOML holds.",
            limits: "of a text with several errors the first is told", isGlobal: true
        ) { $0.fromTOML() }
    ]
}

extension Interpreter {
    fileprivate func fromTOML() -> Step {
        guard let text = expectPlainString(0) else { return .error }
        let mark = fuelMark
        var meter = makeMeter()
        do throws(TOMLError) {
            guard charge(1, &meter) else { return .error }
            let document = try TOMLReader.read(ByteView(text.bytes), &meter)
            return value(of: document, &meter, since: mark)
        } catch {
            if let stop = error.stop { return stopped(stop, meter, since: mark) }
            settle(meter)
            let step = fail(.value, "while parsing TOML: \(error.message)")
            machine.failure?.endsInEmptyLine = true
            return step
        }
    }

    private func charge(_ units: Int, _ meter: inout WorkMeter) -> Bool { (try? meter.charge(units)) != nil }

    private func value(of document: borrowing TOMLDocument, _ meter: inout WorkMeter, since mark: Int) -> Step {
        do throws(WorkStop) {
            let allowsTimestamps = machine.settings.features.contains("parse-toml-timestamps")
            let refusal = try document.refusal(allowsTimestamps: allowsTimestamps, &meter)
            let size = try size(of: document, &meter)
            settle(meter)
            if let refusal { return fail(.value, "while parsing TOML: \(refusal)") }
            guard reserve(size, outside: meter.usedBytes + TOMLValue.workSize(document)) else {
                return again(.collect, since: mark)
            }
        } catch {
            return stopped(error, meter, since: mark)
        }
        guard let value = TOMLValue.make(document, self, taken: meter.usedBytes) else { return .error }
        return done(value)
    }

    /// Bytes of the heap that a document's value takes.
    private func size(of document: borrowing TOMLDocument, _ meter: inout WorkMeter) throws(WorkStop) -> Int {
        var size = 0
        for index in 0..<document.nodeCount {
            try meter.charge(1)
            switch document.value(index) {
            case .table(let count): size += Size.attributesAndLayout(count)
            case .array(let count): size += Size.list(count)
            case .string(let bytes): size += Size.string(bytes.count)
            case .timestamp(let bytes): size += Size.string(bytes.count) + Size.attributesAndLayout(2)
            default: size += Size.number
            }
        }
        return size
    }
}
