import NixVM

/// Two observers of one evaluation.
package final class ObserverPair: EvaluationObserver {
    private let first: any EvaluationObserver
    private let second: any EvaluationObserver

    package init(_ first: any EvaluationObserver, _ second: any EvaluationObserver) {
        self.first = first
        self.second = second
    }

    package func observe(_ records: Span<EventRecord>, _ context: borrowing EventContext) {
        first.observe(records, context)
        second.observe(records, context)
    }

    package func compiled(_ chunk: CompiledChunk) {
        first.compiled(chunk)
        second.compiled(chunk)
    }
}
