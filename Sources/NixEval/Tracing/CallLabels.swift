import NixVM

/// The labels of functions, thunks and builtins in traces, each of which is made once.
struct CallLabels {
    private var labels: [CodeID: String] = [:]
    private var places: [CodeID: String] = [:]

    /// The label: `name FILE:LINE`, `thunk FILE:LINE`, or `builtin NAME`.
    mutating func label(_ event: borrowing RuntimeEvent) -> String {
        let code = event.code
        if let known = labels[code] { return known }
        let name = event.name.map { String(decoding: $0, as: UTF8.self) }
        var label = code.isBuiltin ? "builtin \(name ?? "")" : name ?? "anonymous"
        if let position = event.position {
            label += " \(position.source)" + (position.line.map { ":\($0)" } ?? "")
        }
        labels[code] = label
        return label
    }

    /// Where a function is, and its name if it has one, as Nix's profiler writes them: `FILE:LINE:COLUMN:NAME`, or
    /// `primop NAME` for a builtin.
    mutating func place(_ event: borrowing RuntimeEvent) -> String {
        let code = event.code
        if let known = places[code] { return known }
        let name = event.name.map { String(decoding: $0, as: UTF8.self) }
        let place = code.isBuiltin ? "primop \(name ?? "")" : event.position?.description ?? "«none»:0"
        let label = code.isBuiltin ? place : place + (name.map { ":\($0)" } ?? "")
        places[code] = label
        return label
    }
}
