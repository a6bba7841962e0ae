import NixVM

/// What the command line needs of an evaluator's machine.
extension Evaluator {
    /// What an evaluation did and used so far.
    package struct Statistics {
        package var fuel: Int
        /// The largest number of nested frames.
        package var depthPeak: Int
        package var heap: HeapStatistics
        /// What the interpreter did, if it was asked to count that.
        package var counters: Counters
        /// The size of programs, names and constants.
        package var permanentBytes: Int
        package var symbolCount: Int
        package var symbolBytes: Int

        /// Adds what another evaluator did. Of the largest sizes that both had, the larger one is taken.
        package mutating func add(_ other: Statistics) {
            fuel += other.fuel
            depthPeak = max(depthPeak, other.depthPeak)
            heap.add(other.heap)
            counters.add(other.counters)
            permanentBytes = max(permanentBytes, other.permanentBytes)
            symbolCount = max(symbolCount, other.symbolCount)
            symbolBytes = max(symbolBytes, other.symbolBytes)
        }
    }

    /// Whether it is time to go on with another evaluator, because live objects take most of the memory limit.
    package var isNearMemoryLimit: Bool { machine.isNearMemoryLimit }

    /// The most bytes that the evaluation has taken, with all that counts towards a memory limit.
    package var peakBytes: Int { machine.peakBytes }

    package var statistics: Statistics {
        Statistics(
            fuel: machine.fuelUsed, depthPeak: machine.depthPeak, heap: machine.heapStatistics,
            counters: machine.counters, permanentBytes: machine.permanentBytes, symbolCount: machine.symbolCount,
            symbolBytes: machine.symbolBytes)
    }

    /// Makes a Nix string.
    package func string(_ text: [UInt8]) -> ValueHandle { machine.makeString(text) }

    /// Calls `write` with the path and text of each derivation that is made from now on.
    package func onDerivation(_ write: @escaping (_ path: [UInt8], _ text: [UInt8]) -> Void) {
        machine.derivationWriter = write
    }

    /// The outputs of a derivation that this evaluation made; nil for others. An output has no path if that depends on
    /// its contents.
    package func outputs(ofDerivation path: [UInt8]) -> [(name: [UInt8], path: [UInt8]?)]? {
        machine.outputs(ofDerivation: path)
    }
}
