import ArgumentParser
import NixEval
import NixStore
import NixVM

/// The options of commands that evaluate flakes and nothing else.
package struct FlakeEvaluationArguments: ParsableArguments {
    @OptionGroup package var flakes: FlakeArguments

    @OptionGroup package var settings: SettingArguments

    @Flag(help: "Evaluate with environment, clock and all files.")
    var impure = false

    @Flag(name: .customLong("no-cache"), help: "Neither read nor write the cache of compiled programs.")
    var noCache = false

    @Option(help: "The limit on memory (heap, stack and programs), such as 512M, 2GiB or a number of bytes.")
    var maxMemory: ByteSize?

    @Option(help: ArgumentHelp("The limit on time.", valueName: "seconds"))
    var maxTime: Double?

    package init() {}

    /// The evaluator; nil if the system has no address space for its heap.
    package func makeEvaluator(_ settings: NixSettings) -> Evaluator? {
        // Options have values only after parsing, and those that are not set below keep their defaults.
        guard var arguments = try? EvaluatorArguments.parse([]) else { return nil }
        arguments.settings = self.settings
        arguments.impure = impure
        arguments.noCache = noCache
        arguments.maxMemory = maxMemory
        arguments.maxTime = maxTime
        return arguments.makeEvaluator(
            settings, evaluatesFlakes: true, network: flakes.networkSettings(settings))
    }
}
