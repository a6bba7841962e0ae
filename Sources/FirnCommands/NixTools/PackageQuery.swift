import NixEval
import NixStore
import NixVM

/// A run of `nix-env --query`.
///
/// First all packages are found, which evaluates their names alone. Then they are evaluated one by one in the order of
/// their names, and what is shown of each is kept as text. Their values stay in the heap, because the package set refers
/// to them, so after a certain size a fresh heap takes the place of the old one.
final class PackageQuery {
    private let command: NixEnvCommand
    private let settings: NixSettings
    /// What was done in heaps that are gone.
    private var statistics: Evaluator.Statistics?
    /// The fuel that a fresh heap has used when its first package is evaluated; 0 for the first heap.
    private var startFuel = 0
    /// A heap goes on until it has used this many times `startFuel`, so that what is evaluated again is a small part of all,
    /// however small the heap is to be.
    private static let startShare = 4

    init(_ command: NixEnvCommand, _ settings: NixSettings) {
        self.command = command
        self.settings = settings
    }

    /// Runs the query and prints its result.
    ///
    /// - Returns: the exit code.
    func run() -> Int32 {
        guard var evaluator = makeEvaluator() else {
            Output.note("error: \(AddressSpace.failureText)")
            return 1
        }
        guard let profile = CallProfile(settings, evaluator) else { return 1 }
        var code: Int32 = 0
        do throws(EvalFailure) {
            try query(&evaluator)
        } catch {
            Output.message(evaluator.report(error).text(showTrace: settings.showsTrace))
            code = 1
        }
        if !profile.finish() { code = 1 }
        Statistics.report(total(evaluator), isAsked: false)
        evaluator.storePrograms()
        return code
    }

    private func makeEvaluator() -> Evaluator? {
        command.evaluator.makeEvaluator(settings, countsWork: Statistics.isWanted(false), isKept: false)
    }

    /// Whether evaluation may go on in a fresh heap. Limits on fuel and time are those of one evaluator, a profile is that of
    /// one heap, and standard input is read once. Of a profile of Nix there is little to evaluate.
    private var mayRestart: Bool {
        let arguments = command.evaluator
        let isLimited = arguments.maxFuel != nil || arguments.maxTime != nil
        let readsInput = arguments.arguments.contains { $0.value == .standardInput }
        return command.origin == .available && !isLimited && !readsInput && !settings.observesCalls
    }

    /// The packages that are shown, in their order, and what they are compared with.
    private struct Plan {
        var packages: [QueriedPackage]
        var status: PackageStatus
    }

    private func query(_ evaluator: inout Evaluator) throws(EvalFailure) {
        // Nothing else holds the heap, so that it can be released.
        var heap: PackageHeap? = try PackageHeap(command, settings, evaluator)
        guard let plan = try heap.map({ heap throws(EvalFailure) in try self.plan(heap) }) else { return }
        var report = makeReport(plan.status)
        var isFirst = true
        for package in plan.packages {
            let isRestarted = mayRestart && isFull(evaluator)
            if isRestarted {
                heap = nil
                isFirst = false
                try restart(&evaluator)
                let fresh = try PackageHeap(command, settings, evaluator)
                try fresh.load()
                heap = fresh
            }
            if let heap { try add(package, heap, isFirst: isFirst, to: &report) }
            if isRestarted { startFuel = evaluator.statistics.fuel }
        }
        report.finish()
    }

    private func plan(_ heap: PackageHeap) throws(EvalFailure) -> Plan {
        let columns = command.columns
        let isAvailable = command.origin == .available
        let profile =
            command.profile.map { CanonPath.absolute(Array($0.utf8), relativeTo: currentDirectory()) }
            ?? NixEnvironment().profile(usesXDGDirectories: settings.usesXDGDirectories)
        let needsInstalled = !isAvailable || columns.compareVersions || columns.status
        let installed = needsInstalled ? try heap.installed(in: profile) : []
        let needsAvailable = isAvailable || columns.compareVersions
        let available = needsAvailable ? try filtered(heap.available(), heap) : []
        let found = isAvailable ? available : installed
        let selected = try PackageSelector.select(command.selectors, among: found.map(\.name), heap.evaluator)
        return Plan(
            packages: selected.map { found[$0] }.sortedByName(),
            status: PackageStatus(
                installed: columns.status ? try outputPaths(installed, heap) : [],
                others: (isAvailable ? installed : available).map(\.name)))
    }

    private func isFull(_ evaluator: Evaluator) -> Bool {
        let isLarge = evaluator.peakBytes > command.heapSize.bytes || evaluator.isNearMemoryLimit
        return isLarge && evaluator.statistics.fuel >= Self.startShare * startFuel
    }

    private func total(_ evaluator: Evaluator) -> Evaluator.Statistics {
        var total = evaluator.statistics
        if let statistics { total.add(statistics) }
        return total
    }

    private func restart(_ evaluator: inout Evaluator) throws(EvalFailure) {
        statistics = total(evaluator)
        evaluator.storePrograms()
        guard let fresh = makeEvaluator() else {
            throw EvalFailure(kind: .memoryExceeded, message: Array(AddressSpace.failureText.utf8))
        }
        evaluator = fresh
    }

    /// The packages for the system that the command line asks for.
    private func filtered(_ packages: [QueriedPackage], _ heap: PackageHeap) throws(EvalFailure) -> [QueriedPackage] {
        if command.systemFilter == "*" { return packages }
        var kept: [QueriedPackage] = []
        for package in packages where try heap.package(package).system() == Array(command.systemFilter.utf8) {
            kept.append(package)
        }
        return kept
    }

    private func outputPaths(_ packages: [QueriedPackage], _ heap: PackageHeap) throws(EvalFailure) -> Set<[UInt8]> {
        var paths: Set<[UInt8]> = []
        for package in packages { paths.insert(try heap.package(package).outputPath()) }
        return paths
    }

    private func makeReport(_ status: PackageStatus) -> any PackageReport {
        if command.columns.json { return PackageJSON(columns: command.columns) }
        if command.columns.xml { return PackageXML(columns: command.columns, status: status) }
        return PackageTable(columns: command.columns, status: status)
    }

    private func add(
        _ found: QueriedPackage, _ heap: PackageHeap, isFirst: Bool, to report: inout any PackageReport
    ) throws(EvalFailure) {
        let machine = heap.evaluator.machine
        let mark = machine.handleMark()
        machine.passesOverAssertions = true
        defer {
            machine.passesOverAssertions = false
            machine.releaseHandles(since: mark)
        }
        do throws(EvalFailure) {
            let package = try isFirst ? heap.package(found) : heap.packageAgain(found)
            if command.prebuiltOnly, !PackageStatus.isInStore(try package.outputPath()) { return }
            try report.add(package, found)
        } catch {
            // What a report adds is complete or left out when an assertion fails.
            if error.kind.isCatchable { return }
            throw error.adding(
                "while querying the derivation named '\(String(decoding: found.name.full, as: UTF8.self))'")
        }
    }
}

extension [QueriedPackage] {
    /// The packages in the order of their names. Those of the same name stay in their order.
    fileprivate func sortedByName() -> [QueriedPackage] {
        enumerated().sorted { a, b in
            if PackageName.precedes(a.element.name.full, b.element.name.full) { return true }
            return a.offset < b.offset && !PackageName.precedes(b.element.name.full, a.element.name.full)
        }.map(\.element)
    }
}

extension EvalFailure {
    /// The failure with another line at the end of its trace.
    fileprivate func adding(_ message: String) -> EvalFailure {
        var failure = self
        failure.trace.append(TraceEntry(message: message, position: nil))
        return failure
    }
}
