import Glibc
import NixEval
import NixVM
import Platform

/// The output of `--stats`: JSON with the names of Nix's NIX_SHOW_STATS for what both count. Bytes are the sizes of the
/// counted objects when they were made, without their layouts and texts.
///
/// Three numbers of Nix are missing. `nrAvoided`: the compiler decides where no thunk is needed, so nothing happens at
/// run time that could be counted. `values`: values are words inside lists, sets, functions and thunks, and are not
/// allocated alone. `nrExprs`: a cached program has no syntax tree.
enum Statistics {
    /// Reports if the flag or NIX_SHOW_STATS asks for it, to NIX_SHOW_STATS_PATH or to standard error.
    static func report(_ statistics: Evaluator.Statistics, isAsked: Bool) {
        guard isWanted(isAsked) else { return }
        let path = variable("NIX_SHOW_STATS_PATH") ?? "-"
        if path == "-" { return Output.write(2, text(statistics)) }
        do throws(WriteFailure) { try WholeFile.write(Array(text(statistics).utf8), to: path, .overwriting) } catch {
            Output.note("error: \(error)")
        }
    }

    /// Whether a report is requested, for which the machine must count its work.
    static func isWanted(_ isAsked: Bool) -> Bool { isAsked || (variable("NIX_SHOW_STATS") ?? "0") != "0" }

    private static func variable(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// Seconds of processor time in user mode since the process began.
    private static var cpuTime: Double {
        var usage = rusage()
        _ = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) / 1e6
    }

    static func text(_ statistics: Evaluator.Statistics) -> String {
        let heap = statistics.heap
        let counters = statistics.counters
        let collecting = Double(heap.nanoseconds) / 1e9
        let cpuTime = self.cpuTime
        let sizes = ObjectSizes.own
        return """
            {
              "cpuTime": \(cpuTime),
              "depthPeak": \(statistics.depthPeak),
              "envs": {
                "bytes": \(sizes.environment * counters.environments + sizes.value * counters.captures),
                "elements": \(counters.captures),
                "number": \(counters.environments)
              },
              "fuel": \(statistics.fuel),
              "gc": {
                "copiedBytes": \(heap.copiedBytes),
                "cycles": \(heap.collections),
                "fullCycles": \(heap.fullCollections),
                "heapSize": \(heap.peakBytes),
                "programBytes": \(statistics.permanentBytes),
                "totalBytes": \(heap.allocatedBytes)
              },
              "list": {
                "bytes": \(sizes.list * counters.lists + sizes.value * counters.listElements),
                "concats": \(counters.listConcats),
                "elements": \(counters.listElements),
                "number": \(counters.lists)
              },
              "nrFunctionCalls": \(counters.calls),
              "nrLookups": \(counters.lookups),
              "nrOpUpdateValuesCopied": \(counters.updateCopies),
              "nrOpUpdates": \(counters.updates),
              "nrPrimOpCalls": \(counters.builtinCalls),
              "nrThunks": \(counters.thunks),
              "residentPeak": \(ProcessMemory.residentPeak),
              "sets": {
                "bytes": \(sizes.attributes * counters.sets + sizes.value * counters.setElements),
                "elements": \(counters.setElements),
                "number": \(counters.sets)
              },
              "sizes": {
                "Attr": \(sizes.value),
                "Bindings": \(sizes.attributes),
                "Env": \(sizes.environment),
                "Value": \(sizes.value)
              },
              "symbols": {
                "bytes": \(statistics.symbolBytes),
                "number": \(statistics.symbolCount)
              },
              "time": {
                "cpu": \(cpuTime),
                "gc": \(collecting),
                "gcFraction": \(cpuTime > 0 ? collecting / cpuTime : 0)
              }
            }

            """
    }
}
